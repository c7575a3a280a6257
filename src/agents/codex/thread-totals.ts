import type { Note } from '../../usage/record.js';
import { equalUsage, isNegativeUsage, isNoUsage, NO_USAGE, subtractUsage, type Usage } from '../../usage/usage.js';
import { isForetold, keyOfTotal, settleTotal, type ThreadState } from './thread-state.js';
import { advanceTotals, restartTotals } from './totals.js';
import { writesUsageRecords } from './versions.js';

/**
 * What a `token_count` row tells. `used`: a response that no usage record has told, with its key. `silent`: nothing was
 * used where a row stands: after a cut, an abort, or by a provider without usage. `settled`: usage records have told it.
 */
export type ToldByTotal = { readonly notes: readonly Note[] } & (
  | { readonly kind: 'used'; readonly key: string; readonly usage: Usage; readonly source: 'actual' | 'parsed' }
  | { readonly kind: 'silent' | 'settled' }
);

const SETTLED: ToldByTotal = { kind: 'settled', notes: [] };
const SILENT: ToldByTotal = { kind: 'silent', notes: [] };

/** Takes the thread's total so far, undefined where Codex had none to write, and what the last response used. */
export function takeTotal(
  state: ThreadState,
  total: Usage | undefined,
  last: Usage | undefined,
  pageId: string | undefined,
): ToldByTotal {
  if (state.isCopying) return takeOver(state, total);
  if (isForetold(total, state)) return settle(state, total);
  const hasRecords = !isNoUsage(state.recorded);
  if (!total) {
    state.totalGone = !isNoUsage(state.totals.current.total);
    return hasRecords ? SETTLED : SILENT;
  }
  const told = hasRecords ? takeRecordedTotal(state, total, pageId) : takeTotalAlone(state, total, last, pageId);
  state.totalGone = false;
  return told;
}

/** Takes a row of the copy of another thread's history: the thread counts on from there. */
function takeOver(state: ThreadState, total: Usage | undefined): ToldByTotal {
  if (total) settle(state, total);
  state.countsOn &&= total === undefined;
  return SETTLED;
}

function settle(state: ThreadState, total: Usage): ToldByTotal {
  state.totals = settleTotal(state.totals, total);
  state.recorded = NO_USAGE;
  return SETTLED;
}

/** Takes a total that no usage record foretold: all that a Codex before 0.153 writes. */
function takeTotalAlone(
  state: ThreadState,
  total: Usage,
  last: Usage | undefined,
  pageId: string | undefined,
): ToldByTotal {
  if (state.countsOn) countOnFrom(state, total, last);
  const gap = findGap(state, total, last);
  const { totals, used, source, note } = advanceTotals(state.totals, total, last, state.totalGone);
  state.totals = totals;
  const notes = note ? [note] : [];
  if (isNoUsage(used)) return { kind: 'silent', notes };
  const key = keyOfTotal(totals.current, pageId);
  if (gap) return { kind: 'used', key, usage: used, source: 'parsed', notes: [...notes, gap] };
  return { kind: 'used', key, usage: used, source, notes };
}

/** Finds the total that another file ended with. A fork or a page that has used nothing yet may repeat it. */
function countOnFrom(state: ThreadState, total: Usage, last: Usage | undefined): void {
  state.countsOn = false;
  const isRepeat = state.base !== 'copy' && writesUsageRecords(state.cliVersion);
  const base = isRepeat ? total : subtractUsage(total, last ?? total);
  if (!isNegativeUsage(base)) state.totals = settleTotal(state.totals, base);
}

/** Turns that had been taken back are gone from a migrated file, but their usage is still within the next total. */
function findGap({ isMigrated, totals }: ThreadState, total: Usage, last: Usage | undefined): Note | undefined {
  if (!isMigrated || !last) return undefined;
  const missing = subtractUsage(subtractUsage(total, last), totals.current.total);
  if (isNegativeUsage(missing) || isNoUsage(missing)) return undefined;
  return { kind: 'disagreement', reason: MIGRATED, figures: { input: missing.input, output: missing.output } };
}

const MIGRATED =
  'a migration deleted turns that had been taken back: what they used is counted within the response after them';

/** Takes a total that is not what the usage records before it add up to. */
function takeRecordedTotal(state: ThreadState, total: Usage, pageId: string | undefined): ToldByTotal {
  const notes: Note[] = [];
  const before = subtractUsage(total, state.recorded);
  if (state.countsOn && !isNegativeUsage(before)) state.totals = settleTotal(state.totals, before);
  state.countsOn = false;
  const known = state.totals.current.total;
  const hasShrunk = isNegativeUsage(subtractUsage(total, known));
  if (hasShrunk || (state.totalGone && !equalUsage(before, known))) {
    const { totals, note } = restartTotals(state.totals, total);
    if (hasShrunk && !state.totalGone) notes.push(note);
    state.totals = settleTotal(totals, NO_USAGE);
  }
  const unaccounted = subtractUsage(subtractUsage(total, state.totals.current.total), state.recorded);
  settle(state, total);
  // Usage records may count more than the total does (remote compaction): they are the better evidence.
  if (isNegativeUsage(unaccounted) || isNoUsage(unaccounted)) return { kind: 'settled', notes };
  const key = keyOfTotal(state.totals.current, pageId);
  return { kind: 'used', key, usage: unaccounted, source: 'actual', notes };
}
