import { COUNTERS, type CounterName } from '../usage/counters.js';
import type { CostReport } from './cost-report.js';
import { counterColumns, isUnused } from './counter-columns.js';
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
  { key: 'started', title: 'Started', align: 'left', dropped: 1 },
  { key: 'run', title: 'Run', align: 'left', dropped: 7, least: 20 },
  { key: 'iteration', title: 'Iter', align: 'right' },
  { key: 'phase', title: 'Phase', align: 'left' },
  { key: 'model', title: 'Model', align: 'left', dropped: 10, least: 15, drop: 'reluctantly' },
  ...counterColumns({
    input: { dropped: 8, drop: 'reluctantly' },
    cachedInput: { dropped: 4 },
    cacheWrite: { dropped: 2 },
    output: { dropped: 9, drop: 'reluctantly' },
    reasoning: { dropped: 3 },
  }),
  { key: 'cost', title: 'Cost', align: 'right' },
  { key: 'credits', title: 'Credits', align: 'right' },
  { key: 'source', title: 'Source', align: 'left', dropped: 5 },
  { key: 'duration', title: 'Duration', align: 'right', dropped: 6 },
  { key: 'outcome', title: 'Outcome', align: 'left', least: 21 },
];
const LEFT_OUT_IN_COMPACT: readonly CostKey[] = [
  ...(['started', 'source', 'duration'] as const),
  ...COUNTERS.flatMap(({ name, within }) => (within === undefined ? [] : name)),
];

/** The columns that a table of `report` has: the run where there are several, cache writes where there are any. */
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
