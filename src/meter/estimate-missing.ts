import { parseItemLine } from '../agents/codex/items.js';
import { findHistoryBase } from '../agents/codex/sessions.js';
import { UNKNOWN_MODEL } from '../agents/codex/thread-state.js';
import { messageOf } from '../errors.js';
import { type EstimatedResponse, estimateSession } from '../estimate/session.js';
import { readLines } from '../io/lines.js';
import type { ModelResponse, Note } from '../usage/record.js';
import type { SessionItem } from '../usage/session-item.js';
import { sumUsage } from '../usage/usage.js';
import type { FollowedFile } from './followed-file.js';

export interface EstimateOptions {
  readonly codexHome: string;
  readonly sinceMs: number;
  readonly lastTurnFailed: boolean;
  /** How often Codex reported that it reconnects; undefined when its output was not read. */
  readonly reconnects: number | undefined;
}

/**
 * Estimates the responses of `file` that completed without being counted, because their provider reports no usage. The file
 * is read again only when it shows that there may be some. Never rejects: a failure becomes a note.
 */
export async function estimateMissing(
  file: FollowedFile,
  { codexHome, ...options }: EstimateOptions,
): Promise<{ responses: ModelResponse[]; notes: Note[] }> {
  const { path, thread } = file;
  if (thread.unchangedTotals === 0) return { responses: [], notes: [] };
  try {
    const inherited = readInherited(codexHome, path);
    const estimate = await estimateSession(readItems(path), { ...options, inherited });
    const responses = estimate.responses.map((response) => toResponse(thread.id ?? '', response));
    return { responses, notes: describe(estimate.responses) };
  } catch (error) {
    const reason = `the provider reported no usage, and it could not be estimated: ${messageOf(error)}`;
    return { responses: [], notes: [{ kind: 'fault', reason, figures: {} }] };
  }
}

async function* readItems(path: string): AsyncGenerator<SessionItem> {
  for await (const line of readLines(path)) {
    const item = parseItemLine(line);
    // Lines that cannot be read were counted when the file was followed.
    if (item.kind !== 'irrelevant' && item.kind !== 'unrecognised') yield item;
  }
}

/** The items that a fork continues, oldest first: of the file that its header names, of the file that this one names, and so on. */
async function* readInherited(codexHome: string, path: string): AsyncGenerator<SessionItem> {
  const base = await readHistoryBase(path);
  const basePath = base && (await findHistoryBase(codexHome, base.threadId));
  if (!base || !basePath) return;
  yield* readInherited(codexHome, basePath);
  for await (const item of readItems(basePath)) {
    if ((item.ordinal ?? 0) < base.endOrdinal) yield item;
  }
}

async function readHistoryBase(path: string) {
  for await (const item of readItems(path)) return item.kind === 'session' ? item.historyBase : undefined;
  return undefined;
}

function toResponse(threadId: string, { turnId, model, atMs, ordinal, usage }: EstimatedResponse): ModelResponse {
  return {
    threadId,
    key: `estimate:${turnId ?? atMs}:${ordinal}`,
    turnId,
    rootTurnId: turnId,
    model: model ?? UNKNOWN_MODEL,
    serviceTier: undefined,
    usage,
    evidence: 'tokenizer',
    source: 'estimated',
    completedAtMs: atMs,
  };
}

function describe(estimated: readonly EstimatedResponse[]): Note[] {
  const isRemote = ({ request }: EstimatedResponse) => request === 'remote compaction';
  const groups: [string, EstimatedResponse[]][] = [
    ['the provider reported no usage', estimated.filter((response) => !isRemote(response))],
    ['Codex kept no usage of a compaction by the provider', estimated.filter(isRemote)],
  ];
  return groups.flatMap(([why, responses]): Note[] => {
    if (responses.length === 0) return [];
    const { input, output } = sumUsage(responses.map(({ usage }) => usage));
    const figures = { source: 'estimated', responses: responses.length, input, output };
    return [{ kind: 'fallback', reason: `${why}: counted by a tokenizer from the session file`, figures }];
  });
}
