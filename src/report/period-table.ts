import {
  cleanText,
  formatCents,
  formatCost,
  formatCount,
  formatPlural,
  formatRounded,
  formatShare,
} from './amounts.js';
import { formatDay } from './calendar.js';
import { alignCosts } from './cost-alignment.js';
import type { TableExtent } from './cost-columns.js';
import type { Figures } from './figures.js';
import { describeFigures, type NumberFormats } from './figures-text.js';
import { choosePeriodColumns, type PeriodKey } from './period-columns.js';
import type { ModelSum, PeriodReport } from './period-report.js';
import { findMissing, type RenderedTable, type Row, renderTable, type TableOptions } from './table.js';

export interface PeriodTableOptions extends TableOptions {
  readonly extent: TableExtent;
  readonly detail: 'entries' | 'models';
}

/** Above this sum a table is written in cents: nobody reads the fourth decimal of a hundred dollars. */
const CENTS_FROM_NANO_USD = 10e9;

/** Columns that nobody misses: they follow from others, or say little. */
export const CONVENIENT: readonly string[] = ['Responses', 'Last used', 'Days', 'Tokens', 'Provider'];

/** Sets `report` in a table: exact counts where there is room for all columns, else rounded ones before fewer columns. */
export function renderPeriodTable(report: PeriodReport, options: PeriodTableOptions): RenderedTable {
  const columns = choosePeriodColumns(report, options);
  const cost = costFormatOf(report.totals);
  const exact = layOut(report, { count: formatCount, cost }, options);
  const missing = findMissing(columns, exact, options.width);
  if (options.extent === 'full' && missing.every((title) => CONVENIENT.includes(title))) {
    return renderTable(columns, exact, options);
  }
  return renderTable(columns, layOut(report, { count: formatRounded, cost }, options), options);
}

export function costFormatOf(totals: Figures): (nanoUsd: number) => string {
  return (totals.costNanoUsd ?? 0) >= CENTS_FROM_NANO_USD ? formatCents : formatCost;
}

function layOut(report: PeriodReport, formats: NumberFormats, options: PeriodTableOptions): readonly Row<PeriodKey>[] {
  const { totals, providers, pace } = report;
  const shareOf = ({ costNanoUsd }: Figures) => {
    return costNanoUsd === undefined || !totals.costNanoUsd ? '' : formatShare(costNanoUsd / totals.costNanoUsd);
  };
  const describe = (figures: Figures) => ({ ...describeFigures(figures, formats), share: shareOf(figures) });
  const entries = report.entries.flatMap((entry): Row<PeriodKey>[] => {
    const { models, figures, activeDays, lastDay, invocations } = entry;
    const cells = {
      ...describe(figures),
      key: cleanText(entry.key),
      provider: [...new Set(models.map(({ provider }) => provider))].join(', '),
      model: describeModels(models),
      days: formatCount(activeDays),
      lastDay: formatDay(lastDay),
      invocations: invocations === undefined ? '' : formatCount(invocations),
    };
    const parts = options.detail === 'models' && report.kind !== 'model' ? models : [];
    return [{ cells, ...styleCost(figures) }, ...layOutModels(parts, describe)];
  });
  const ofProviders = providers.length > 1 && report.kind !== 'model' ? providers : [];
  const subtotals = ofProviders.map(({ provider, figures }, index): Row<PeriodKey> => {
    return { cells: { ...describe(figures), key: provider }, ruled: index === 0 };
  });
  const total = { ...describe(totals), key: 'total', model: describeCount(report), days: formatCount(pace.activeDays) };
  return alignCosts([...entries, ...subtotals, { cells: total, style: 'bold', ruled: true }]);
}

/** A row below an entry for each of its models. */
export function layOutModels(models: readonly ModelSum[], describe: (figures: Figures) => object): Row<'model'>[] {
  return models.map(({ model, figures }, index) => {
    const branch = index === models.length - 1 ? '└' : '├';
    return { cells: { ...describe(figures), model: `${branch} ${cleanText(model)}` }, style: 'gray', needs: 'model' };
  });
}

/** `gpt-5.6-sol`, `gpt-5.6-sol +2`: the dearest one, and how many more. */
export function describeModels(models: readonly ModelSum[]): string {
  const [first, ...others] = models;
  if (!first) return '-';
  return cleanText(first.model) + (others.length === 0 ? '' : ` +${others.length}`);
}

function describeCount({ models }: PeriodReport): string {
  return models.length === 1 ? '' : formatPlural(models.length, 'model');
}

function styleCost({ responses, costNanoUsd }: Figures): Pick<Row<PeriodKey>, 'styles'> {
  return responses > 0 && costNanoUsd === undefined ? { styles: { cost: 'yellow' } } : {};
}
