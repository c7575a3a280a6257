import type { ModelResponse } from '../../usage/record.js';
import { addUsage, equalUsage, isNoUsage, NO_USAGE, type Usage } from '../../usage/usage.js';
import type { SessionHeader } from './header.js';
import { NO_TOTALS, type RunningTotal, type Totals } from './totals.js';
import { NO_SETTINGS, type TurnSettings } from './turn-settings.js';
import { writesUsageRecords } from './versions.js';

/** A model that no record names: its responses are counted and stay unpriced. */
export const UNKNOWN_MODEL = 'unknown';

/** What a response owes to its turn. */
export type OfTurn = Pick<ModelResponse, 'turnId' | 'rootTurnId' | 'usage'>;

/**
 * Where a session file begins, when it goes on from another one and counts on from its total. `copy`: a fork that holds a
 * copy of its parent's history first. `continuation`: a fork that shares its parent's history and holds none of it
 * (0.151 and later). `page`: a thread that was taken back to an earlier turn and goes on in this file (0.151).
 */
export type Base = 'copy' | 'continuation' | 'page';

/** What a Thread must know to go on from where it stopped: plain data, for a record between two imports. */
export interface ThreadState {
  id: string | undefined;
  sessionId: string | undefined;
  cliVersion: string | undefined;
  base: Base | undefined;
  /** The lines that are read belong to the copy of another thread's history. */
  isCopying: boolean;
  /** When the last line was written that was read of a copy, in epoch milliseconds. */
  copiedAtMs: number;
  /** Codex rewrote the file in the format of a later version, which leaves out turns that had been taken back. */
  isMigrated: boolean;
  totals: Totals;
  silentCounts: number;
  turnId: string | undefined;
  settings: TurnSettings;
  /** The next total is the first of a file that counts on from another one. */
  countsOn: boolean;
  /** What usage records have counted since the last total. */
  recorded: Usage;
  /** Codex had a total and then, in a new process, none: before 0.80 a resumed thread counts from zero again. */
  totalGone: boolean;
  /** A turn has begun since the invocation did. */
  isHistoryOver: boolean;
}

/** Returns false for a further header: a copy of another thread's history begins with that of its thread. */
export function takeHeader(state: ThreadState, header: SessionHeader & { readonly atMs: number }): boolean {
  state.copiedAtMs = header.atMs;
  if (state.id !== undefined) return false;
  state.id = header.threadId;
  state.sessionId = header.sessionId;
  state.cliVersion = header.cliVersion;
  state.base = header.base;
  state.isCopying = header.base === 'copy';
  state.countsOn = header.base !== undefined;
  state.isMigrated = header.isPaginated && !writesUsageRecords(header.cliVersion);
  return true;
}

/** Sets the total that the process which wrote last has come to. */
export function settleTotal(totals: Totals, total: Usage): Totals {
  // Without spreads: this is done for each response of a history.
  const { current, others, past, newestRestart } = totals;
  return { current: { total, restarts: current.restarts }, others, past, newestRestart };
}

/** A state at rest, with the newest of the models and of the keys that have been counted. */
export interface SavedThread extends ThreadState {
  /** The model of a turn; null for one whose context names none. */
  readonly models: readonly (readonly [turnId: string | null, model: string | null])[];
  readonly keys: readonly string[];
}

export const NEW_THREAD: SavedThread = {
  id: undefined,
  sessionId: undefined,
  cliVersion: undefined,
  base: undefined,
  isCopying: false,
  copiedAtMs: 0,
  isMigrated: false,
  totals: NO_TOTALS,
  silentCounts: 0,
  turnId: undefined,
  settings: NO_SETTINGS,
  countsOn: false,
  recorded: NO_USAGE,
  totalGone: false,
  isHistoryOver: false,
  models: [],
  keys: [],
};

/** Codex repeats, if at all, what it has just written. */
const SAVED_MODELS = 20;
const SAVED_KEYS = 50;
/** Another process that goes on with the thread while the file is not read began at one of the last totals. */
const SAVED_TOTALS = 10;

export function saveState(
  state: ThreadState,
  models: ReadonlyMap<string | undefined, string | undefined>,
  keys: ReadonlySet<string>,
): SavedThread {
  const newest = [...models].slice(-SAVED_MODELS);
  return {
    ...state,
    totals: { ...state.totals, past: state.totals.past.slice(-SAVED_TOTALS) },
    models: newest.map(([turnId, model]) => [turnId ?? null, model ?? null] as const),
    keys: [...keys].slice(-SAVED_KEYS),
  };
}

/** One reading of a session file. One that was replaced or cut off is read anew, maybe side by side with the old one. */
export interface Reading {
  readonly state: ThreadState;
  /** The usage records so far. */
  readonly read: Set<string>;
}

/** A reading of the same thread, of which nothing has been counted yet. */
export function readAnew(state: ThreadState, isHistoryOver: boolean): Reading {
  const { id, sessionId, cliVersion, base, isMigrated, settings } = state;
  const { models: _models, keys: _keys, ...fresh } = NEW_THREAD;
  const kept = { id, sessionId, cliVersion, base, isMigrated, settings: { ...NO_SETTINGS, inForce: settings.inForce } };
  const begun = { isCopying: base === 'copy', countsOn: base !== undefined, isHistoryOver };
  return { state: { ...fresh, ...kept, ...begun }, read: new Set() };
}

/**
 * The key of a response that only a total tells of: the total after it, the page of the thread that it stands in, and
 * how often that page's total began anew. Two pages that go on from one turn can come to the same total.
 */
export function keyOfTotal({ total, restarts }: RunningTotal, pageId: string | undefined): string {
  const { input, cachedInput, output, reasoning } = total;
  const figures = `${input}/${cachedInput}/${output}/${reasoning}`;
  const place = [...(pageId === undefined ? [] : [pageId]), ...(restarts === 0 ? [] : [restarts])];
  return ['total', ...place, figures].join(':');
}

/** Whether the usage records since the last total add up to this one: so it is nearly always, by the million. */
export function isForetold(
  total: Usage | undefined,
  { totals, recorded, countsOn, totalGone }: ThreadState,
): total is Usage {
  const before = totals.current.total;
  const isSum = total !== undefined && equalUsage(total, addUsage(before, recorded));
  return isSum && !countsOn && !totalGone && !isNoUsage(recorded);
}
