import type { CounterName } from '../usage/counters.js';
import type { TableExtent } from './cost-columns.js';
import { counterColumns, isUnused } from './counter-columns.js';
import { isOverTime, type PeriodKind } from './period-range.js';
import type { PeriodReport } from './period-report.js';
import type { Column } from './table.js';

export type PeriodKey =
  | 'key'
  | 'provider'
  | 'model'
  | 'days'
  | 'lastDay'
  | 'invocations'
  | 'responses'
  | CounterName
  | 'tokens'
  | 'cost'
  | 'credits'
  | 'share';

const TITLES: Readonly<Record<PeriodKind, string>> = {
  daily: 'Date',
  weekly: 'Week of',
  monthly: 'Month',
  model: 'Model',
  project: 'Project',
  phase: 'Phase',
};

const COLUMNS: readonly Column<PeriodKey>[] = [
  { key: 'key', title: '', align: 'left', least: 16 },
  { key: 'provider', title: 'Provider', align: 'left', dropped: 5 },
  { key: 'model', title: 'Models', align: 'left', dropped: 8, least: 15, drop: 'reluctantly' },
  { key: 'days', title: 'Days', align: 'right', dropped: 2 },
  { key: 'lastDay', title: 'Last used', align: 'left', dropped: 1 },
  { key: 'invocations', title: 'Invocations', align: 'right', dropped: 6 },
  { key: 'responses', title: 'Responses', align: 'right', dropped: 0 },
  ...counterColumns({
    input: { dropped: 10 },
    cachedInput: { dropped: 7 },
    cacheWrite: { dropped: 4 },
    output: { dropped: 9 },
    reasoning: { dropped: 3 },
  }),
  { key: 'tokens', title: 'Tokens', align: 'right', dropped: 6 },
  { key: 'cost', title: 'Cost', align: 'right' },
  { key: 'credits', title: 'Credits', align: 'right' },
  { key: 'share', title: 'Share', align: 'right', dropped: 11 },
];
const COMPACT: readonly PeriodKey[] = ['key', 'input', 'output', 'cost', 'credits', 'share'];

export interface ColumnWish {
  readonly extent: TableExtent;
  readonly detail: 'entries' | 'models';
}

/** The columns that a table of `report` has. */
export function choosePeriodColumns(report: PeriodReport, { extent, detail }: ColumnWish): Column<PeriodKey>[] {
  const { kind, totals, providers } = report;
  const overTime = isOverTime(kind);
  const has: Readonly<Partial<Record<PeriodKey, boolean>>> = {
    provider: kind === 'model' && providers.length > 1,
    model: kind !== 'model',
    days: kind !== 'daily',
    lastDay: !overTime,
    invocations: kind === 'phase',
    credits: totals.credits !== undefined,
    share: !overTime && (totals.costNanoUsd ?? 0) > 0,
  };
  const kept = COLUMNS.filter(({ key }) => {
    if (isUnused(key, totals)) return false;
    if (extent === 'compact')
      return (
        (COMPACT.includes(key) && has[key] !== false) || (key === 'model' && detail === 'models' && kind !== 'model')
      );
    return has[key] !== false;
  });
  return kept.map((column) => (column.key === 'key' ? { ...column, title: TITLES[kind] } : column));
}
