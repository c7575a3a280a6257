import { formatCount, formatRounded, formatShare } from './amounts.js';
import { type Day, formatDay } from './calendar.js';
import { type Bar, nameWeekday, renderBars, renderHeatmap } from './charts.js';
import type { Figures } from './figures.js';
import { describeCost } from './figures-text.js';
import type { Paint } from './paint.js';
import { isOverTime } from './period-range.js';
import type { PeriodEntry, PeriodReport } from './period-report.js';
import { costFormatOf, nameEntry } from './period-table.js';

export interface ChartOptions {
  readonly width: number;
  readonly paint: Paint;
  /** 0 is Sunday. */
  readonly firstWeekday: number;
  readonly order: 'asc' | 'desc' | undefined;
  /** The last day of the calendar. */
  readonly today: Day;
}

/** What the chart measures: money, or tokens where nothing has a price. */
type Measure = 'cost' | 'tokens';

const MOST_BARS = 31;

/** Draws a bar for each entry of `report`, and above them a calendar of its days where it is over time. */
export function renderPeriodChart(report: PeriodReport, options: ChartOptions): string {
  const { width, paint } = options;
  const { totals, kind } = report;
  const measure: Measure = (totals.costNanoUsd ?? 0) > 0 ? 'cost' : 'tokens';
  const overTime = isOverTime(kind);
  const entries = kind === 'daily' ? listDays(report, options) : report.entries.map(toBarred);
  // The newest entries are kept, or the dearest.
  const atEnd = overTime ? options.order !== 'desc' : options.order === 'asc';
  const shown = atEnd ? entries.slice(-MOST_BARS) : entries.slice(0, MOST_BARS);
  const bars = shown.map(({ label, figures }): Bar => {
    const text = describe(figures, measure, report);
    return { label, amount: figures ? amountOf(figures, measure) : 0, text };
  });
  const left = entries.length - shown.length;
  const word = overTime ? 'older' : 'cheaper';
  const lines = [
    ...(overTime ? [...drawCalendar(report, measure, options), ''] : []),
    ...renderBars(bars, width, paint),
    ...(left > 0 ? [paint('gray', `${formatCount(left)} ${word} ones are left out: the table has all.`)] : []),
  ];
  return lines.join('\n');
}

interface Barred {
  readonly label: string;
  readonly figures: Figures | undefined;
}

function toBarred({ key, figures }: PeriodEntry): Barred {
  return { label: nameEntry(key), figures };
}

/** Lists the days from the first to the last one with usage, with those without any, so that a gap is seen. */
function listDays({ days }: PeriodReport, { order }: ChartOptions): Barred[] {
  const known = new Map(days.map(({ day, figures }) => [day, figures]));
  const [first, last] = [days[0]?.day ?? 0, days.at(-1)?.day ?? -1];
  const all = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const labelled = all.map((day) => ({ label: `${nameWeekday(day)} ${formatDay(day)}`, figures: known.get(day) }));
  return order === 'desc' ? labelled.reverse() : labelled;
}

function drawCalendar(report: PeriodReport, measure: Measure, { width, paint, firstWeekday, today }: ChartOptions) {
  const { days, range, totals } = report;
  const first = range.since ?? days[0]?.day ?? today;
  return renderHeatmap(new Map(days.map(({ day, figures }) => [day, amountOf(figures, measure)])), {
    ...{ width, paint, firstWeekday, first },
    last: Math.max(days.at(-1)?.day ?? first, Math.min(range.until ?? today, today)),
    formatAmount: measure === 'cost' ? costFormatOf(totals) : formatRounded,
  });
}

function amountOf({ costNanoUsd, usage }: Figures, measure: Measure): number {
  return measure === 'cost' ? (costNanoUsd ?? 0) : usage.input + usage.output;
}

function describe(figures: Figures | undefined, measure: Measure, { kind, totals }: PeriodReport): string {
  if (!figures) return totals.unpricedResponses > 0 ? '- ' : '-';
  const amount = amountOf(figures, measure);
  const cost = costFormatOf(totals);
  const text = measure === 'cost' ? describeCost(figures, { cost }) : formatRounded(amount);
  // Keeps decimals below decimals where some costs end with `+`.
  const aligned = totals.unpricedResponses > 0 && !text.endsWith('+') ? `${text} ` : text;
  const share = amount === 0 ? '' : formatShare(amount / amountOf(totals, measure));
  return isOverTime(kind) ? aligned : `${aligned} ${share.padStart(4)}`;
}
