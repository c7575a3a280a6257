import type { Note } from '../../usage/record.js';
import { equalUsage, isNegativeUsage, isNoUsage, NO_USAGE, subtractUsage, type Usage } from '../../usage/usage.js';
import { isSumOfRecords, keyOfTotal, settleTotal, type ThreadState } from './thread-state.js';
import { advanceTotals, restartTotals } from './totals.js';
import { writesUsageRecords } from './versions.js';

/**
 * What a `token_count` row adds. `response`: a response without a usage record, with its key. `nothing`: the row repeats a
 * total, as after an interruption or from a provider without usage. `recorded`: usage records have counted it already.
 */
export type TotalChange = { readonly notes: readonly Note[] } & (
  | { readonly kind: 'response'; readonly key: string; readonly usage: Usage; readonly source: 'actual' | 'parsed' }
  | { readonly kind: 'nothing' | 'recorded' }
);

const RECORDED: TotalChange = { kind: 'recorded', notes: [] };
const NOTHING: TotalChange = { kind: 'nothing', notes: [] };

/** Takes a row: the thread's total, undefined where Codex had none to write, and the usage of the last response. */
export function takeTotal(
  state: ThreadState,
  total: Usage | undefined,
  last: Usage | undefined,
  pageId: string | undefined,
): TotalChange {
  if (state.isCopying) return takeCopiedTotal(state, total);
  if (isSumOfRecords(total, state)) return settle(state, total);
  const hasRecords = !isNoUsage(state.recorded);
  if (!total) {
    state.totalGone = !isNoUsage(state.totals.current.total);
    return hasRecords ? RECORDED : NOTHING;
  }
  const change = hasRecords ? takeRecordedTotal(state, total, pageId) : takeTotalAlone(state, total, last, pageId);
  state.totalGone = false;
  return change;
}

/** Takes a row of the copy of another thread's history. The thread counts on from its total. */
function takeCopiedTotal(state: ThreadState, total: Usage | undefined): TotalChange {
  if (total) settle(state, total);
  state.countsOn &&= total === undefined;
  return RECORDED;
}

function settle(state: ThreadState, total: Usage): TotalChange {
  state.totals = settleTotal(state.totals, total);
  state.recorded = NO_USAGE;
  return RECORDED;
}

/** Takes a total without usage records before it. Codex before 0.153 writes nothing else. */
function takeTotalAlone(
  state: ThreadState,
  total: Usage,
  last: Usage | undefined,
  pageId: string | undefined,
): TotalChange {
  if (state.countsOn) countOnFrom(state, total, last);
  const gap = findGap(state, total, last);
  const { totals, used, source, note } = advanceTotals(state.totals, total, last, state.totalGone);
  state.totals = totals;
  const notes = note ? [note] : [];
  if (isNoUsage(used)) return { kind: 'nothing', notes };
  const key = keyOfTotal(totals.current, pageId);
  if (gap) return { kind: 'response', key, usage: used, source: 'parsed', notes: [...notes, gap] };
  return { kind: 'response', key, usage: used, source, notes };
}

/** Sets the total that the earlier file ended with. A fork or a page may repeat that total before its first response. */
function countOnFrom(state: ThreadState, total: Usage, last: Usage | undefined): void {
  state.countsOn = false;
  const isRepeat = state.base !== 'copy' && writesUsageRecords(state.cliVersion);
  const base = isRepeat ? total : subtractUsage(total, last ?? total);
  if (!isNegativeUsage(base)) state.totals = settleTotal(state.totals, base);
}

/** Finds usage of turns that a migration left out of the file: it is still within the next total. */
function findGap({ isMigrated, totals }: ThreadState, total: Usage, last: Usage | undefined): Note | undefined {
  if (!isMigrated || !last) return undefined;
  const missing = subtractUsage(subtractUsage(total, last), totals.current.total);
  if (isNegativeUsage(missing) || isNoUsage(missing)) return undefined;
  return { kind: 'disagreement', reason: MIGRATED, figures: { input: missing.input, output: missing.output } };
}

const MIGRATED =
  'a migration deleted turns that had been taken back: what they used is counted within the response after them';

/** Takes a total that is not the sum of the usage records before it. */
function takeRecordedTotal(state: ThreadState, total: Usage, pageId: string | undefined): TotalChange {
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
  // After a remote compaction the usage records count more than the total does. They are the better evidence.
  if (isNegativeUsage(unaccounted) || isNoUsage(unaccounted)) return { kind: 'recorded', notes };
  const key = keyOfTotal(state.totals.current, pageId);
  return { kind: 'response', key, usage: unaccounted, source: 'actual', notes };
}
