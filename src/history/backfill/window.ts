import { countRead } from '../../store/assignment/assign.js';
import type { Window } from '../../store/assignment/rule.js';
import type { Connection } from '../../store/open.js';
import { isNoUsage } from '../../usage/usage.js';
import type { CodexLog } from './codex-log.js';
import type { RunFolder } from './run-folders.js';

/** A past invocation of Codex: the folder that a runner left of it, and what the log in it says, where there is one. */
export interface PastInvocation {
  readonly folder: RunFolder;
  readonly log: CodexLog | undefined;
}

/** Which thread an invocation worked on, and when. */
export interface ThreadWindow {
  readonly threadId: string;
  readonly window: Window;
}

/** The kernel writes a file's time from a clock that ticks up to 100 times a second. */
const CLOCK_TICK_MS = 10;
const SECOND_MS = 1000;

/**
 * Finds the thread and the window of one of the `invocations`: from the writing of the prompt, where the runner left that, to
 * the last writing of the log. Returns undefined where its thread is not known.
 */
export function findThreadWindow(
  connection: Connection,
  invocation: PastInvocation & { readonly id: string },
  invocations: readonly PastInvocation[],
): ThreadWindow | undefined {
  const { folder, log, id } = invocation;
  const { promptedAtMs, endedAtMs } = folder;
  const fromMs = promptedAtMs === undefined ? undefined : promptedAtMs + 1;
  const window = { fromMs, untilMs: lastMomentOf(endedAtMs) };
  if (log?.threadId !== undefined)
    return { threadId: log.threadId, window: withoutFalseStart(connection, log, window) };
  // The times of the prompt and the result are what shows that the invocation worked on its neighbours' thread.
  if (log || fromMs === undefined || folder.result === undefined) return undefined;
  const threadId = findNeighboursThread(invocation, invocations);
  if (threadId === undefined) return undefined;
  return countRead(connection, { threadId, window, availableTo: id }) > 0 ? { threadId, window } : undefined;
}

/** A time without a fraction went through an archive or a file system that knows seconds alone. */
function lastMomentOf(writtenAtMs: number): number {
  return writtenAtMs + (writtenAtMs % SECOND_MS === 0 ? SECOND_MS - 1 : CLOCK_TICK_MS);
}

/**
 * In a copied directory all files can have the time of the copying: then the prompt is younger than all responses, though the
 * log mentions some. The start is not known there.
 */
function withoutFalseStart(connection: Connection, log: CodexLog, window: Window): Window {
  if (window.fromMs === undefined || log.threadId === undefined) return window;
  const hasUsage = !isNoUsage(log.reported) || Boolean(log.blendedTokens);
  const isFalse = hasUsage && countRead(connection, { threadId: log.threadId, window }) === 0;
  return isFalse ? { ...window, fromMs: undefined } : window;
}

/** Returns the thread of the nearest invocation of the same run and phase before this one that has a log, or else after it. */
function findNeighboursThread({ folder }: PastInvocation, invocations: readonly PastInvocation[]): string | undefined {
  const { runId, phase, iteration } = folder;
  const others = invocations
    .filter(({ folder: other, log }) => other.runId === runId && other.phase === phase && log?.threadId !== undefined)
    .sort((a, b) => a.folder.iteration - b.folder.iteration);
  const before = others.filter(({ folder: other }) => other.iteration < iteration).at(-1);
  const after = others.find(({ folder: other }) => other.iteration > iteration);
  return (before ?? after)?.log?.threadId;
}
