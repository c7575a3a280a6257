import type { CostReport } from './cost-report.js';
import type { Column } from './table.js';

export type CostKey =
  | 'started'
  | 'run'
  | 'iteration'
  | 'phase'
  | 'model'
  | 'input'
  | 'cached'
  | 'cacheWrite'
  | 'output'
  | 'reasoning'
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
  { key: 'input', title: 'Input', align: 'right', dropped: 8, drop: 'reluctantly' },
  { key: 'cached', title: 'Cached', align: 'right', dropped: 4 },
  { key: 'cacheWrite', title: 'Cache wr.', align: 'right', dropped: 2 },
  { key: 'output', title: 'Output', align: 'right', dropped: 9, drop: 'reluctantly' },
  { key: 'reasoning', title: 'Reasoning', align: 'right', dropped: 3 },
  { key: 'cost', title: 'Cost', align: 'right' },
  { key: 'credits', title: 'Credits', align: 'right' },
  { key: 'source', title: 'Source', align: 'left', dropped: 5 },
  { key: 'duration', title: 'Duration', align: 'right', dropped: 6 },
  { key: 'outcome', title: 'Outcome', align: 'left', least: 21 },
];
const LEFT_OUT_IN_COMPACT: readonly CostKey[] = ['started', 'cached', 'cacheWrite', 'reasoning', 'source', 'duration'];

/** The columns that a table of `report` has: the run where there are several, cache writes where there are any. */
export function chooseCostColumns(report: CostReport, extent: TableExtent): Column<CostKey>[] {
  const runs = new Set(report.invocations.map(({ invocation }) => invocation.runId));
  return COLUMNS.filter(({ key }) => {
    if (key === 'iteration') return report.invocations.length > 0;
    if (key === 'run') return runs.size > 1;
    if (key === 'credits') return report.totals.credits !== undefined;
    if (key === 'cacheWrite' && report.totals.usage.cacheWrite === 0) return false;
    return extent === 'full' || !LEFT_OUT_IN_COMPACT.includes(key);
  });
}
