import { COUNTERS, type CounterName } from '../usage/counters.js';
import {
  chooseCostFormat,
  cleanText,
  formatChange,
  formatCount,
  formatDuration,
  formatPoints,
  formatRounded,
  formatShare,
} from './amounts.js';
import type { Side } from './compare-report.js';
import { type Change, cachedShareOf, compareTotals, type MetricName, type Outcomes } from './compare-units.js';
import { describeFigures, isUnused, type NumberFormats } from './figures-text.js';
import { type Column, measureWidth, type Row, renderTable, type TableOptions } from './table.js';

/** The table of what each side used in all and per iteration, with the differences from the baseline. */
export interface TotalsTable {
  readonly columns: readonly Column<TotalColumn>[];
  readonly rows: readonly Row<TotalColumn>[];
}

/** `figure`, the name of a side for its values, and that name with `−` after it for its differences. */
type TotalColumn = string;

/** Lays out the table of all sides, for Markdown. */
export function layOutTotals(sides: readonly Side[]): TotalsTable {
  return layOut(listRecorded(sides), sides, formatCount);
}

/** Renders one table of all sides where that fits, or else several, each with the baseline and some of the others. */
export function renderTotals(sides: readonly Side[], options: TableOptions): string[] {
  const [baseline, ...others] = listRecorded(sides);
  if (!baseline) return [];
  const render = (atOnce: number, count: NumberFormats['count']) =>
    chunk(others, atOnce).map((some) => {
      const { columns, rows } = layOut([baseline, ...some], sides, count);
      return renderTable(columns, rows, options).text;
    });
  const isNarrow = (text: string) => text.split('\n').every((line) => measureWidth(line) <= options.width);
  for (let atOnce = Math.max(1, others.length); atOnce > 0; atOnce--) {
    const exact = render(atOnce, formatCount);
    if (exact.every(isNarrow)) return exact;
  }
  return render(1, formatRounded);
}

export function writeChange(change: Change | undefined, metric: MetricName): string {
  const value = change?.[metric];
  if (value === undefined) return '-';
  return metric === 'cachedShare' ? formatPoints(value) : formatChange(value);
}

function listRecorded(sides: readonly Side[]): Side[] {
  return sides.filter(({ pricedAs }) => pricedAs === undefined);
}

/** One chunk without items where there are none. */
function chunk<T>(items: readonly T[], size: number): T[][] {
  if (items.length === 0) return [[]];
  const starts = items.flatMap((_, index) => (index % size === 0 ? index : []));
  return starts.map((start) => items.slice(start, start + size));
}

function layOut(shown: readonly Side[], sides: readonly Side[], count: NumberFormats['count']): TotalsTable {
  const cost = chooseCostFormat(sides.map(({ totals }) => totals.costNanoUsd));
  const formats = { count, cost };
  const names = (side: Side) => [side.name, `${side.name}−`] as const;
  const columns = shown.flatMap((side): Column<TotalColumn>[] => {
    const [value, change] = names(side);
    const difference = { key: change, title: `${value} vs ${side.baseline?.name}`, align: 'right' } as const;
    return [{ key: value, title: value, align: 'right' }, ...(side.baseline ? [difference] : [])];
  });
  const toRow = ({ title, write, change }: Line): Row<TotalColumn> => {
    const cells = shown.flatMap((side) => {
      const [value, difference] = names(side);
      return [[value, write(side)] as const, [difference, side.baseline && change ? change(side) : ''] as const];
    });
    return { cells: { figure: title, ...Object.fromEntries(cells) } };
  };
  const medians = sides.some(({ perIteration }) => perIteration.metrics.responses) ? listMedians(sides, count) : [];
  const heading: Row<TotalColumn> = { cells: { figure: 'Median iteration' }, style: 'bold', ruled: true };
  return {
    columns: [{ key: 'figure', title: 'In all', align: 'left' }, ...columns],
    rows: [...listTotals(sides, formats).map(toRow), ...(medians.length === 0 ? [] : [heading, ...medians.map(toRow)])],
  };
}

interface Line {
  readonly title: string;
  readonly write: (side: Side) => string;
  /** The difference of a side from its baseline. Absent: none is shown. */
  readonly change?: (side: Side) => string;
}

function listTotals(sides: readonly Side[], formats: NumberFormats): Line[] {
  const written = ({ totals }: Side) => describeFigures(totals, formats);
  const outcomes = (title: string, read: (side: Side) => Outcomes): Line[] => [
    { title, write: (side) => formats.count(read(side).statuses.length) },
    { title: '  completed', write: (side) => formats.count(read(side).completed) },
  ];
  const line = (title: string, metric: MetricName, write: Line['write']): Line => ({
    ...{ title, write },
    change: (side) => writeChange(side.change, metric),
  });
  return [
    ...outcomes('Runs', ({ runs }) => runs),
    ...outcomes('Iterations', ({ iterations }) => iterations),
    ...outcomes('Invocations', ({ invocations }) => invocations),
    line('Responses', 'responses', (side) => written(side).responses),
    ...listCounters(sides, (name, label) => line(label, name, (side) => written(side)[name])),
    line('Cached share', 'cachedShare', (side) => writeOr(cachedShareOf(side.totals), formatShare)),
    line('Cost', 'costNanoUsd', (side) => written(side).cost),
    ...listRepriced(sides, (side) => written(side).cost),
  ];
}

/** A line with the costs at another model's price, and one with how they differ from those above. */
function listRepriced(sides: readonly Side[], write: (side: Side) => string): Line[] {
  const repriced = sides.filter(({ pricedAs }) => pricedAs !== undefined);
  const [first] = repriced;
  if (!first) return [];
  const twinOf = (side: Side | undefined) => repriced.find(({ baseline }) => baseline === side);
  return [
    {
      title: `  at ${cleanText(first.pricedAs ?? '')}`,
      write: (side) => writeOr(twinOf(side), write),
      change(side) {
        const [twin, before] = [twinOf(side), twinOf(side.baseline)];
        return writeChange(twin && before && compareTotals(before.totals, twin.totals), 'costNanoUsd');
      },
    },
    { title: '  difference', write: (side) => writeChange(twinOf(side)?.change, 'costNanoUsd') },
  ];
}

function listMedians(sides: readonly Side[], count: NumberFormats['count']): Line[] {
  const line = (title: string, metric: MetricName, format: (value: number) => string): Line => ({
    title,
    write: ({ perIteration }) => {
      const mark = perIteration.isActual || metric === 'responses' || metric === 'durationMs' ? '' : '~';
      return writeOr(perIteration.metrics[metric]?.median, (value) => mark + format(value));
    },
    change: (side) => writeChange(side.perIteration.difference?.medians, metric),
  });
  const whole = (value: number) => count(Math.round(value));
  return [
    line('Responses', 'responses', whole),
    ...listCounters(sides, (name, label) => line(label, name, whole)),
    line('Cached share', 'cachedShare', formatShare),
    line('Time', 'durationMs', formatDuration),
  ];
}

/** Lines of the counters, but for those that are shown where they are used alone and are not. */
function listCounters(sides: readonly Side[], toLine: (name: CounterName, label: string) => Line): Line[] {
  const used = COUNTERS.filter(({ name }) => sides.some(({ totals }) => !isUnused(name, totals)));
  return used.map(({ name, label }) => toLine(name, label));
}

function writeOr<T>(value: T | undefined, format: (value: T) => string): string {
  return value === undefined ? '-' : format(value);
}
