import { countRead, type Span } from '../../store/claims.js';
import type { Connection } from '../../store/open.js';
import { isNoUsage } from '../../usage/usage.js';
import type { CodexLog } from './codex-log.js';
import type { RunFolder } from './run-folders.js';

/** A folder, and what its log says where it has one. */
export interface KeptCall {
  readonly folder: RunFolder;
  readonly log: CodexLog | undefined;
}

/** Whose responses are those of a call: of which thread, and when. */
export interface Ownership {
  readonly threadId: string;
  readonly span: Span;
}

/** The kernel writes a file's time from a clock that ticks up to 100 times a second. */
const CLOCK_TICK_MS = 10;
const SECOND_MS = 1000;

/**
 * Which responses in the record are those of `call`, which is one of `calls`: what its thread completed between the writing
 * of the prompt, where that was kept, and the last writing of the log. Undefined where nothing tells its thread.
 */
export function findOwnership(
  connection: Connection,
  call: KeptCall,
  { calls, invocationId }: { readonly calls: readonly KeptCall[]; readonly invocationId: string },
): Ownership | undefined {
  const { folder, log } = call;
  const { promptedAtMs: afterMs, endedAtMs } = folder;
  const span = { afterMs, untilMs: lastMomentOf(endedAtMs) };
  if (log?.threadId !== undefined) return { threadId: log.threadId, span: withoutFalseStart(connection, log, span) };
  // When the call began and ended is what shows that the thread of its neighbours is its own.
  if (log || afterMs === undefined || folder.result === undefined) return undefined;
  const threadId = findNeighboursThread(call, calls);
  if (threadId === undefined) return undefined;
  return countRead(connection, { threadId, span, availableTo: invocationId }) > 0 ? { threadId, span } : undefined;
}

/** A time without a fraction went through an archive or a file system that knows seconds alone. */
function lastMomentOf(writtenAtMs: number): number {
  return writtenAtMs + (writtenAtMs % SECOND_MS === 0 ? SECOND_MS - 1 : CLOCK_TICK_MS);
}

/**
 * A directory that was copied can have the time of the copying throughout: then the prompt is younger than all responses,
 * though the log tells of some.
 */
function withoutFalseStart(connection: Connection, log: CodexLog, span: Span): Span {
  if (span.afterMs === undefined || log.threadId === undefined) return span;
  const tellsOfUsage = !isNoUsage(log.claimed) || Boolean(log.blendedTokens);
  const isFalse = tellsOfUsage && countRead(connection, { threadId: log.threadId, span }) === 0;
  return isFalse ? { ...span, afterMs: undefined } : span;
}

/** Of the nearest call of the same run and phase before it that has a log, or else after it. */
function findNeighboursThread({ folder }: KeptCall, calls: readonly KeptCall[]): string | undefined {
  const { runId, phase, iteration } = folder;
  const others = calls
    .filter(({ folder: other, log }) => other.runId === runId && other.phase === phase && log?.threadId !== undefined)
    .sort((a, b) => a.folder.iteration - b.folder.iteration);
  const before = others.filter(({ folder: other }) => other.iteration < iteration).at(-1);
  const after = others.find(({ folder: other }) => other.iteration > iteration);
  return (before ?? after)?.log?.threadId;
}
