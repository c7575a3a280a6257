import type { Note } from '../../usage/record.js';
import { equalUsage, isNegativeUsage, isNoUsage, NO_USAGE, subtractUsage, type Usage } from '../../usage/usage.js';

/** The total that one process which writes to a session file has told last. */
export interface RunningTotal {
  readonly total: Usage;
  /** 0 for the first process, and one more for each that began to count from another total than the one before it. */
  readonly restarts: number;
}

/**
 * The totals of a session file that has no usage records, as before Codex 0.153. Mostly there is one, which grows. Where
 * two processes went on with one thread at the same time, each counts its own total in the same file (measured on 0.140).
 */
export interface Totals {
  /** The one that the last row was about. */
  readonly current: RunningTotal;
  readonly others: readonly RunningTotal[];
  /** Totals that have been told, newest last: another process may have begun at one of them. */
  readonly past: readonly Usage[];
  readonly newestRestart: number;
}

export const NO_TOTALS: Totals = {
  current: { total: NO_USAGE, restarts: 0 },
  others: [],
  past: [],
  newestRestart: 0,
};

/** At most this many processes that write to one session file are told apart; of more, the newest. */
const RUNNING_TOTALS = 8;
const PAST_TOTALS = 100;

/** What a row of totals tells. */
export interface TotalStep {
  readonly totals: Totals;
  /** What was used since the row before of the same process; nothing where a row is repeated. */
  readonly used: Usage;
  /** `parsed`: the row fits no total that was told before. */
  readonly source: 'actual' | 'parsed';
  readonly note: Note | undefined;
}

/**
 * Takes a row: the total so far, and what the last response used, which old rows lack and which is an estimate after a
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
  const wasTold = (usage: Usage) => totals.past.some((one) => equalUsage(one, usage));
  // Up to 0.125 a process begins by telling the total that it found once more.
  if (wasTold(total)) return step(join(totals, total), NO_USAGE);
  if (last && before && wasTold(before)) return step(join(totals, total), last);
  const difference = subtractUsage(total, totals.current.total);
  const hasShrunk = isNegativeUsage(difference);
  // A process that counts from zero: its first response is its total.
  if (last && before && isNoUsage(before) && !hasShrunk) return step(join(totals, total), last);
  if (!hasShrunk) return step(goOn(totals, totals.current, total), difference);
  if (!last || !before || isNegativeUsage(before) || isNoUsage(before)) return restartTotals(totals, total);
  // Neither the total nor where it began is known from this file. What the row says of its own response is all there is.
  const note = shrank(totals.current.total, total);
  return { ...step(join(totals, total), last), source: 'parsed', note };
}

/** The thread counts from zero again. Whoever counted before may go on all the same. */
export function restartTotals(totals: Totals, total: Usage): TotalStep & { readonly note: Note } {
  return { ...step(join(totals, total), total), note: shrank(totals.current.total, total) };
}

function goOn(totals: Totals, one: RunningTotal, total: Usage): Totals {
  if (one === totals.current && equalUsage(one.total, total)) return totals;
  const current = { ...one, total };
  const all = [totals.current, ...totals.others];
  return { ...totals, current, others: all.filter((other) => other !== one), past: remember(totals.past, one.total) };
}

/** A further process writes to the file. */
function join(totals: Totals, total: Usage): Totals {
  const newestRestart = totals.newestRestart + 1;
  const others = [totals.current, ...totals.others].filter((one) => !isNoUsage(one.total)).slice(0, RUNNING_TOTALS);
  return { ...totals, current: { total, restarts: newestRestart }, others, newestRestart };
}

function step(totals: Totals, used: Usage): TotalStep {
  return { totals, used, source: 'actual', note: undefined };
}

/** Zero is where each thread begins: it tells of no process. */
function remember(past: readonly Usage[], total: Usage): readonly Usage[] {
  return isNoUsage(total) ? past : [...past, total].slice(-PAST_TOTALS);
}

function shrank(before: Usage, after: Usage): Note {
  const figures = { before: before.input, after: after.input };
  return { kind: 'disagreement', reason: 'the total in the session file shrank', figures };
}
