import type { ModelResponse, Note } from '../usage/record.js';
import { equalUsage, isNegativeUsage, isNoUsage, NO_USAGE, subtractUsage, type Usage } from '../usage/usage.js';

/** A model that no record names: its responses are counted and stay unpriced. */
export const UNKNOWN_MODEL = 'unknown';

/** What a response owes to its turn. */
export type OfTurn = Pick<ModelResponse, 'turnId' | 'rootTurnId' | 'usage'>;

/** What a Thread must know to go on from where it stopped: plain data, for a record between two imports. */
export interface ThreadState {
  id: string | undefined;
  sessionId: string | undefined;
  cliVersion: string | undefined;
  total: Usage;
  silentCounts: number;
  turnId: string | undefined;
  lastModel: string | undefined;
  serviceTier: string | undefined;
  fork: 'copy' | 'continuation' | undefined;
  /** The next total is a fork's first. */
  countsOn: boolean;
  /** What usage records have counted since the last total. */
  recorded: Usage;
  /** Codex had a total and then, in a new process, none: before 0.80 a resumed thread counts from zero again. */
  totalGone: boolean;
  restarts: number;
  /** A turn has begun since the invocation did. */
  isHistoryOver: boolean;
}

/** What a thread's next total is foretold from. */
export type Footing = Pick<ThreadState, 'total' | 'recorded'>;

/** What has become of it elsewhere. */
export interface Progress extends Footing {
  /** The turn that was started last. */
  readonly startedTurnId: string | undefined;
  /** The turns whose contexts have told their model, and that. */
  readonly turnIds: readonly string[];
  readonly model: string;
}

export function takeProgress(state: ThreadState, { total, recorded, startedTurnId, turnIds, model }: Progress): void {
  state.total = total;
  state.recorded = recorded;
  if (turnIds.length > 0) state.lastModel = model;
  if (startedTurnId === undefined) return;
  state.turnId = startedTurnId;
  state.isHistoryOver = true;
}

/** A state at rest, with the newest of the models and of the keys that have been counted. */
export interface SavedThread extends ThreadState {
  readonly models: readonly (readonly [turnId: string | null, model: string])[];
  readonly keys: readonly string[];
}

export const NEW_THREAD: SavedThread = {
  id: undefined,
  sessionId: undefined,
  cliVersion: undefined,
  total: NO_USAGE,
  silentCounts: 0,
  turnId: undefined,
  lastModel: undefined,
  serviceTier: undefined,
  fork: undefined,
  countsOn: false,
  recorded: NO_USAGE,
  totalGone: false,
  restarts: 0,
  isHistoryOver: false,
  models: [],
  keys: [],
};

/** Codex repeats, if at all, what it has just written. */
const SAVED_MODELS = 20;
export const SAVED_KEYS = 50;

/** `counted`: the newest keys of what was counted elsewhere. */
export function saveState(
  state: ThreadState,
  models: ReadonlyMap<string | undefined, string>,
  keys: ReadonlySet<string>,
  counted: readonly string[],
): SavedThread {
  const newest = [...models].slice(-SAVED_MODELS);
  return {
    ...state,
    models: newest.map(([turnId, model]) => [turnId ?? null, model] as const),
    keys: counted.length >= SAVED_KEYS ? counted : putLast([...keys], counted).slice(-SAVED_KEYS),
  };
}

function putLast(keys: readonly string[], last: readonly string[]): string[] {
  return last.length === 0 ? [...keys] : [...keys.filter((key) => !last.includes(key)), ...last];
}

/** One reading of a session file. One that was replaced or cut off is read anew, maybe side by side with the old one. */
export interface Reading {
  readonly state: ThreadState;
  /** The usage records so far. */
  readonly read: Set<string>;
}

/** A reading of the same thread, of which nothing has been counted yet. */
export function readAnew(state: ThreadState, isHistoryOver: boolean): Reading {
  const { id, sessionId, cliVersion, fork, lastModel, serviceTier } = state;
  const { models: _models, keys: _keys, ...fresh } = NEW_THREAD;
  const kept = { id, sessionId, cliVersion, fork, lastModel, serviceTier };
  return { state: { ...fresh, ...kept, countsOn: fork !== undefined, isHistoryOver }, read: new Set() };
}

/** What a response is known by that only a total tells of, after `restarts` times that the total began at zero again. */
export function keyOfTotal({ input, cachedInput, output, reasoning }: Usage, restarts: number): string {
  const figures = `${input}/${cachedInput}/${output}/${reasoning}`;
  return restarts === 0 ? `total:${figures}` : `total:${restarts}:${figures}`;
}

/** Up to 0.125 a turn begins with one empty count. */
export function countExpectedSilence(cliVersion: string | undefined): number {
  return Number(/^0\.(\d+)/.exec(cliVersion ?? '')?.[1]) <= 125 ? 1 : 0;
}

/** Whether the usage records since the last total add up to this one: so it is nearly always, by the million. */
export function isForetold(
  total: Usage | undefined,
  { total: before, recorded, countsOn, totalGone }: ThreadState,
): total is Usage {
  const isSum =
    total !== undefined &&
    total.input === before.input + recorded.input &&
    total.cachedInput === before.cachedInput + recorded.cachedInput &&
    total.cacheWrite === before.cacheWrite + recorded.cacheWrite &&
    total.output === before.output + recorded.output &&
    total.reasoning === before.reasoning + recorded.reasoning;
  return isSum && !countsOn && !totalGone && !isNoUsage(recorded);
}

/** A turn that is older than its thread was copied from the one before it. Ids are UUIDv7: they sort by time. */
export function isCopied({ fork, id, turnId }: ThreadState): boolean {
  return fork === 'copy' && id !== undefined && turnId !== undefined && turnId < id;
}

/**
 * Sets the total to count on from where it is not the one before: a fork's parent's, or zero after a restart. Returns
 * what is odd about it.
 */
export function rebase(state: ThreadState, total: Usage, last: Usage | undefined): Note | undefined {
  const before = subtractUsage(total, ownPart(total, last, state));
  if (state.countsOn && !isNegativeUsage(before)) state.total = before;
  state.countsOn = false;
  const shrank = isNegativeUsage(subtractUsage(total, state.total));
  const { totalGone } = state;
  const restarted = totalGone && !equalUsage(before, state.total);
  const figures = { before: state.total.input, after: total.input };
  state.totalGone = false;
  if (shrank || restarted) {
    state.total = NO_USAGE;
    state.restarts++;
  }
  if (!shrank || totalGone) return undefined;
  return { kind: 'disagreement', reason: 'the total in the session file shrank', figures };
}

/** What only the newer of two totals holds. */
function ownPart(total: Usage, last: Usage | undefined, { recorded, countsOn, fork }: ThreadState): Usage {
  if (!isNoUsage(recorded)) return recorded;
  // A continuation whose first turn fails repeats the total it began with, and the last usage with it.
  return countsOn && fork === 'continuation' ? NO_USAGE : (last ?? total);
}
