import type { ModelResponse } from '../../usage/record.js';
import { isCopiedTurn } from '../../usage/thread-id.js';
import { addUsage, equalUsage, isNoUsage, NO_USAGE, type Usage } from '../../usage/usage.js';
import type { SessionHeader } from './header.js';
import { NO_TOTALS, type RunningTotal, type Totals } from './totals.js';
import { NO_SETTINGS, type TurnSettings } from './turn-settings.js';
import { writesTurns, writesUsageRecords } from './versions.js';

/** The model of responses for which no record names one. They are counted and stay unpriced. */
export const UNKNOWN_MODEL = 'unknown';

/** The part of a response that its record, or its turn, says. */
export type OfTurn = Pick<ModelResponse, 'turnId' | 'rootTurnId' | 'usage'>;

/**
 * How a session file goes on from another one, from whose total it counts on. `copy`: a fork that begins with a copy of its
 * parent's history. `continuation`: a fork that refers to its parent's history and holds none of it (0.151 and later).
 * `page`: the thread was taken back to an earlier turn and goes on in this file (0.151).
 */
export type Base = 'copy' | 'continuation' | 'page';

/** What a Thread needs to read on where it stopped, as plain data: the database keeps it between two imports. */
export interface ThreadState {
  id: string | undefined;
  sessionId: string | undefined;
  cliVersion: string | undefined;
  base: Base | undefined;
  /** The lines that are being read are a copy of another thread's history. */
  isCopying: boolean;
  /** When the newest line of the copy was written, in epoch milliseconds. */
  copiedAtMs: number;
  /** Codex rewrote the file in a newer format, without the turns that had been taken back. */
  isMigrated: boolean;
  totals: Totals;
  /** How many rows repeat a total. The field keeps the name that it has in databases. */
  silentCounts: number;
  turnId: string | undefined;
  settings: TurnSettings;
  /** The next total is the first one of a file that counts on from another file. */
  countsOn: boolean;
  /** The sum of the usage records since the last total. */
  recorded: Usage;
  /** A new process had no total where the one before had one: before 0.80 a resumed thread counts from zero again. */
  totalGone: boolean;
  /** A turn has begun after the invocation did. */
  isHistoryOver: boolean;
}

/** Returns false for a further header, which is part of the copy of another thread's history. */
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

/** Sets the total of the process that wrote last. */
export function settleTotal(totals: Totals, total: Usage): Totals {
  // Without spreads, because it runs for each response of a history.
  const { current, others, past, newestRestart } = totals;
  return { current: { total, restarts: current.restarts }, others, past, newestRestart };
}

/** A state as the database keeps it, with the newest models and keys. */
export interface SavedThread extends ThreadState {
  /** Null means undefined, which JSON does not have. */
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

/** Codex repeats only what it has just written. */
const SAVED_MODELS = 20;
const SAVED_KEYS = 50;
/** Another process may go on with the thread from one of the newest totals before the file is read again. */
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

/** One pass over a session file from its beginning. A file that was replaced or truncated is read anew, beside the old one. */
export interface Reading {
  readonly state: ThreadState;
  /** The response ids of its usage records so far. */
  read: Set<string>;
}

/** Returns a reading of the same thread that begins anew. */
export function readAnew(state: ThreadState, isHistoryOver: boolean): Reading {
  const { id, sessionId, cliVersion, base, isMigrated, settings } = state;
  const { models: _models, keys: _keys, ...fresh } = NEW_THREAD;
  const preserved = {
    id,
    sessionId,
    cliVersion,
    base,
    isMigrated,
    settings: { ...NO_SETTINGS, inForce: settings.inForce },
  };
  const begun = { isCopying: base === 'copy', countsOn: base !== undefined, isHistoryOver };
  return { state: { ...fresh, ...preserved, ...begun }, read: new Set() };
}

/**
 * Returns the key of a response that is known from a total alone. It holds the total after the response, the page of the thread
 * (two pages that go on from one turn can reach the same total) and how often that page's total began anew.
 */
export function keyOfTotal({ total, restarts }: RunningTotal, pageId: string | undefined): string {
  const { input, cachedInput, output, reasoning } = total;
  const figures = `${input}/${cachedInput}/${output}/${reasoning}`;
  const origin = [...(pageId === undefined ? [] : [pageId]), ...(restarts === 0 ? [] : [restarts])];
  return ['total', ...origin, figures].join(':');
}

/** Whether the usage records since the last total add up to this one, as they nearly always do. */
export function isSumOfRecords(
  total: Usage | undefined,
  { totals, recorded, countsOn, totalGone }: ThreadState,
): total is Usage {
  const before = totals.current.total;
  const isSum = total !== undefined && equalUsage(total, addUsage(before, recorded));
  return isSum && !countsOn && !totalGone && !isNoUsage(recorded);
}

/**
 * Codex writes the copy of a parent's history in one go, within milliseconds a line, and a model's answer takes longer. Where a
 * Codex writes no turns (0.98 and before), a gap of this length is the only sign that the copy has ended.
 */
const COPY_GAP_MS = 50;

/** Notes that the copy of another thread's history has ended when a line, written at `atMs`, is no part of it. */
export function endCopy(state: ThreadState, atMs: number): void {
  if (!state.isCopying) return;
  state.isCopying = writesTurns(state.cliVersion) || atMs - state.copiedAtMs <= COPY_GAP_MS;
  state.copiedAtMs = atMs;
}

/** Notes whether the copy of another thread's history ends where a turn begins: the turn's id mostly shows of which thread it is. */
export function endCopyAtTurn(state: ThreadState, atMs: number, turnId: string | undefined): void {
  const isCopied = isCopiedTurn(turnId, state.id);
  if (isCopied === undefined) endCopy(state, atMs);
  else state.isCopying &&= isCopied;
}
