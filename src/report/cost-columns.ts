import { COUNTERS, type CounterName } from '../usage/counters.js';
import type { CostReport } from './cost-report.js';
import { counterColumns, isUnused } from './figures-text.js';
import type { Column } from './table.js';

export type CostKey =
  | 'started'
  | 'run'
  | 'iteration'
  | 'phase'
  | 'model'
  | CounterName
  | 'cost'
  | 'credits'
  | 'source'
  | 'duration'
  | 'outcome';

/** `compact`: only what names an invocation, its cost, and what went in and out. */
export type TableExtent = 'full' | 'compact';

const COLUMNS: readonly Column<CostKey>[] = [
  { key: 'started', title: 'Started', align: 'left', dropOrder: 1, omitted: 'silently' },
  { key: 'run', title: 'Run', align: 'left', dropOrder: 8, minWidth: 20 },
  { key: 'iteration', title: 'Iter', align: 'right' },
  { key: 'phase', title: 'Phase', align: 'left' },
  { key: 'model', title: 'Model', align: 'left', dropOrder: 7, minWidth: 15, drop: 'reluctantly' },
  ...counterColumns({
    input: { dropOrder: 10, drop: 'reluctantly' },
    cachedInput: { dropOrder: 6, drop: 'reluctantly' },
    cacheWrite: { dropOrder: 3, omitted: 'easily' },
    output: { dropOrder: 9, drop: 'reluctantly' },
    reasoning: { dropOrder: 2, omitted: 'easily' },
  }),
  { key: 'cost', title: 'Cost', align: 'right' },
  { key: 'credits', title: 'Credits', align: 'right' },
  { key: 'source', title: 'Source', align: 'left', dropOrder: 4, omitted: 'easily' },
  { key: 'duration', title: 'Duration', align: 'right', dropOrder: 5, omitted: 'easily' },
  { key: 'outcome', title: 'Outcome', align: 'left', minWidth: 21 },
];
const LEFT_OUT_IN_COMPACT: readonly CostKey[] = [
  ...(['started', 'source', 'duration'] as const),
  ...COUNTERS.flatMap(({ name, within }) => (within === undefined ? [] : name)),
];

/** Returns the columns of a table of `report`: the run where there are several, cache writes where there are any. */
export function chooseCostColumns(report: CostReport, extent: TableExtent): Column<CostKey>[] {
  const runs = new Set(report.invocations.map(({ invocation }) => invocation.runId));
  return COLUMNS.filter(({ key }) => {
    if (key === 'iteration') return report.invocations.length > 0;
    if (key === 'run') return runs.size > 1;
    if (key === 'credits') return report.totals.credits !== undefined;
    if (isUnused(key, report.totals)) return false;
    return extent === 'full' || !LEFT_OUT_IN_COMPACT.includes(key);
  });
}
