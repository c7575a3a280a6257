import {
  chooseCostFormat,
  cleanText,
  formatCount,
  formatModels,
  formatPlural,
  formatRounded,
  formatShare,
} from './amounts.js';
import { formatDay } from './calendar.js';
import type { TableExtent } from './cost-table.js';
import type { Figures } from './figures.js';
import {
  counterColumns,
  describeFigures,
  isUnused,
  layOutBranches,
  type NumberFormats,
  styleCost,
} from './figures-text.js';
import { isOverTime, KINDS, type KindFacts } from './period-range.js';
import type { PeriodReport } from './period-report.js';
import {
  alignDecimals,
  type Column,
  type RenderedTable,
  type Row,
  renderFirstFitting,
  type TableOptions,
} from './table.js';

export interface PeriodTableOptions extends TableOptions {
  readonly extent: TableExtent;
  readonly detail: 'entries' | 'models';
}

const COLUMNS = [
  { key: 'key', title: '', align: 'left', minWidth: 16 },
  { key: 'provider', title: 'Provider', align: 'left', dropOrder: 5, omitted: 'silently' },
  { key: 'model', title: 'Models', align: 'left', dropOrder: 8, minWidth: 16, drop: 'reluctantly' },
  { key: 'days', title: 'Days', align: 'right', dropOrder: 2, omitted: 'silently' },
  { key: 'lastDay', title: 'Last used', align: 'left', dropOrder: 1, omitted: 'silently' },
  { key: 'invocations', title: 'Invocations', align: 'right', dropOrder: 6 },
  { key: 'responses', title: 'Responses', align: 'right', dropOrder: 0, omitted: 'silently' },
  ...counterColumns({
    input: { dropOrder: 10 },
    cachedInput: { dropOrder: 7 },
    cacheWrite: { dropOrder: 4 },
    output: { dropOrder: 9 },
    reasoning: { dropOrder: 3 },
  }),
  { key: 'tokens', title: 'Tokens', align: 'right', dropOrder: 6, omitted: 'silently' },
  { key: 'cost', title: 'Cost', align: 'right' },
  { key: 'credits', title: 'Credits', align: 'right' },
  { key: 'share', title: 'Share', align: 'right', dropOrder: 11 },
] as const satisfies readonly Column<string>[];
type PeriodKey = (typeof COLUMNS)[number]['key'];
const COMPACT: readonly PeriodKey[] = ['key', 'input', 'output', 'cost', 'credits', 'share'];

/** Sets `report` in a table: exact counts where there is room for the columns that matter, or else rounded ones. */
export function renderPeriodTable(report: PeriodReport, options: PeriodTableOptions): RenderedTable {
  const cost = chooseCostFormat([report.totals.costNanoUsd]);
  const rowsWith = (count: NumberFormats['count']) => () => layOutPeriodRows(report, { count, cost }, options);
  const exact = options.extent === 'full' ? [rowsWith(formatCount)] : [];
  return renderFirstFitting(choosePeriodColumns(report, options), [...exact, rowsWith(formatRounded)], options);
}

/** What an entry of `report` stands for, in the title of the report and in the heading of its column. */
export function nameSubject({ kind, tagKey = '' }: PeriodReport): readonly [subject: string, heading: string] {
  return kind === 'tag' ? [cleanText(tagKey), cleanText(tagKey)] : KINDS[kind].words;
}

export function choosePeriodColumns(
  report: PeriodReport,
  { extent, detail }: Pick<PeriodTableOptions, 'extent' | 'detail'>,
): Column<PeriodKey>[] {
  const { kind, totals, providers } = report;
  const { cell }: KindFacts = KINDS[kind];
  const overTime = isOverTime(kind);
  const has: Readonly<Partial<Record<PeriodKey, boolean>>> = {
    provider: kind === 'model' && providers.length > 1,
    model: kind !== 'model',
    days: kind !== 'daily',
    lastDay: !overTime,
    invocations: cell === 'phase' || cell === 'tag',
    credits: totals.credits !== undefined,
    share: !overTime && (totals.costNanoUsd ?? 0) > 0,
  };
  const [, title] = nameSubject(report);
  const chosen = COLUMNS.filter(({ key }) => {
    if (isUnused(key, totals) || has[key] === false) return false;
    return extent === 'full' || COMPACT.includes(key) || (key === 'model' && detail === 'models');
  });
  return chosen.map((column) => (column.key === 'key' ? { ...column, title } : column));
}

/** Returns the rows of a table of `report`, the total last. */
export function layOutPeriodRows(
  report: PeriodReport,
  formats: NumberFormats,
  options: Pick<PeriodTableOptions, 'detail'>,
): readonly Row<PeriodKey>[] {
  const { totals, providers, pace, models: all } = report;
  const shareOf = ({ costNanoUsd }: Figures) => {
    return costNanoUsd === undefined || !totals.costNanoUsd ? '' : formatShare(costNanoUsd / totals.costNanoUsd);
  };
  const describe = (figures: Figures) => ({ ...describeFigures(figures, formats), share: shareOf(figures) });
  const entries = report.entries.flatMap((entry): Row<PeriodKey>[] => {
    const { models, figures, activeDays, lastDay, invocations } = entry;
    const cells = {
      ...describe(figures),
      key: nameEntry(entry.key),
      provider: [...new Set(models.map(({ provider }) => provider))].join(', '),
      model: formatModels(models.map(({ model }) => model)),
      days: formatCount(activeDays),
      lastDay: formatDay(lastDay),
      invocations: invocations === undefined ? '' : formatCount(invocations),
    };
    const parts = options.detail === 'models' && report.kind !== 'model' ? models : [];
    return [
      { cells, styles: { cost: styleCost(figures) } },
      ...layOutBranches(parts, (part) => describe(part.figures)),
    ];
  });
  const ofProviders = providers.length > 1 && report.kind !== 'model' ? providers : [];
  const subtotals = ofProviders.map(({ provider, figures }, index): Row<PeriodKey> => {
    return { cells: { ...describe(figures), key: provider }, ruled: index === 0 };
  });
  const model = all.length === 1 ? '' : formatPlural(all.length, 'model');
  const total = { ...describe(totals), key: 'total', model, days: formatCount(pace.activeDays) };
  return alignDecimals([...entries, ...subtotals, { cells: total, style: 'bold', ruled: true }], 'cost', 'credits');
}

/** What has no value of a tag is an entry as well, so that the entries come to the total. */
export function nameEntry(key: string): string {
  return key === '' ? '(none)' : cleanText(key);
}
