import type { Note } from '../../usage/record.js';
import { equalUsage, isNegativeUsage, isNoUsage, NO_USAGE, subtractUsage, type Usage } from '../../usage/usage.js';

/** The newest total of one process that writes to a session file. */
export interface RunningTotal {
  readonly total: Usage;
  /** How many processes before this one began to count from a total of their own. */
  readonly restarts: number;
}

/**
 * The totals of a session file without usage records, as before Codex 0.153. Nearly always there is one, which grows. When
 * two processes go on with one thread at the same time, each writes a total of its own into the file (measured on 0.140).
 */
export interface Totals {
  /** The total in the last row. */
  readonly current: RunningTotal;
  readonly others: readonly RunningTotal[];
  /** Earlier totals, the newest last. Another process may have begun at one of them. */
  readonly past: readonly Usage[];
  readonly newestRestart: number;
}

export const NO_TOTALS: Totals = {
  current: { total: NO_USAGE, restarts: 0 },
  others: [],
  past: [],
  newestRestart: 0,
};

/** How many processes that write one thread are distinguished, running and ended ones. Of more, only the newest are. */
const RUNNING_TOTALS = 8;
const PAST_TOTALS = 100;

/** The usage that one `token_count` row of a session file adds, and the totals of the file after it. */
export interface TotalStep {
  readonly totals: Totals;
  /** The usage since the same process's row before; zero where a row is repeated. */
  readonly used: Usage;
  /** `parsed`: the row fits none of the earlier totals. */
  readonly source: 'actual' | 'parsed';
  readonly note: Note | undefined;
}

/**
 * Takes a row: the total, and the usage of the last response, which old releases do not write and which is an estimate after a
 * compaction. `isGone`: before this row Codex had lost its total, as it did before 0.80 when it resumed a thread.
 */
export function advanceTotals(totals: Totals, total: Usage, last: Usage | undefined, isGone: boolean): TotalStep {
  const running = [totals.current, ...totals.others];
  const before = last && subtractUsage(total, last);
  const grown = before && running.find((one) => equalUsage(one.total, before));
  if (isGone && !grown) return step(join(totals, total), total);
  if (last && grown && !isNoUsage(last)) return step(goOn(totals, grown, total), last);
  const repeated = running.find((one) => equalUsage(one.total, total));
  if (repeated) return step(goOn(totals, repeated, total), NO_USAGE);
  const isPast = (usage: Usage) => totals.past.some((one) => equalUsage(one, usage));
  // Up to 0.125 a process begins by repeating the total that it found.
  if (isPast(total)) return step(join(totals, total), NO_USAGE);
  if (last && before && isPast(before)) return step(join(totals, total), last);
  const difference = subtractUsage(total, totals.current.total);
  const hasShrunk = isNegativeUsage(difference);
  // A process that counts from zero: its total is its first response.
  if (last && before && isNoUsage(before) && !hasShrunk) return step(join(totals, total), last);
  if (!hasShrunk) return step(goOn(totals, totals.current, total), difference);
  if (!last || !before || isNegativeUsage(before) || isNoUsage(before)) return restartTotals(totals, total);
  // The file does not say where this total began, so the usage of the last response is all there is.
  const note = shrank(totals.current.total, total);
  return { ...step(join(totals, total), last), source: 'parsed', note };
}

/** Takes a total that counts from zero again. The process that counted before may go on all the same. */
export function restartTotals(totals: Totals, total: Usage): TotalStep & { readonly note: Note } {
  return { ...step(join(totals, total), total), note: shrank(totals.current.total, total) };
}

function goOn(totals: Totals, one: RunningTotal, total: Usage): Totals {
  if (one === totals.current && equalUsage(one.total, total)) return totals;
  const current = { ...one, total };
  const all = [totals.current, ...totals.others];
  return { ...totals, current, others: all.filter((other) => other !== one), past: remember(totals.past, one.total) };
}

/** Adds a further process that writes to the file. */
function join(totals: Totals, total: Usage): Totals {
  const newestRestart = totals.newestRestart + 1;
  const others = [totals.current, ...totals.others].filter((one) => !isNoUsage(one.total)).slice(0, RUNNING_TOTALS);
  return { ...totals, current: { total, restarts: newestRestart }, others, newestRestart };
}

function step(totals: Totals, used: Usage): TotalStep {
  return { totals, used, source: 'actual', note: undefined };
}

/** Zero is left out: every thread begins there, so it identifies no process. */
function remember(past: readonly Usage[], total: Usage): readonly Usage[] {
  return isNoUsage(total) ? past : [...past, total].slice(-PAST_TOTALS);
}

function shrank(before: Usage, after: Usage): Note {
  const figures = { before: before.input, after: after.input };
  return { kind: 'disagreement', reason: 'the total in the session file shrank', figures };
}
