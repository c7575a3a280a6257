import { type CostFormat, chooseCostFormat, formatCount, formatRounded, formatShare } from './amounts.js';
import { type Day, formatDay } from './calendar.js';
import { nameWeekday, renderBars, renderHeatmap } from './charts.js';
import type { CostReport } from './cost-report.js';
import { type Figures, sumParts, totalTokens } from './figures.js';
import { describeCost } from './figures-text.js';
import type { Paint } from './paint.js';
import { isOverTime } from './period-range.js';
import type { PeriodReport } from './period-report.js';
import { nameEntry } from './period-table.js';
import type { TableOptions } from './table.js';

/** What a bar stands for; undefined figures are those of a day without usage. */
interface Labelled {
  readonly label: string;
  readonly figures: Figures | undefined;
}

/** More bars than a screen has lines show less: then several iterations share a bar. */
const MOST_ITERATION_BARS = 40;

/**
 * Draws a bar for each iteration of a run, or for several iterations together. Where there is only one, or the report is
 * that of a session, draws a bar for each phase and one for what was not metered.
 */
export function renderCostChart(report: CostReport, width: number, paint: Paint): string {
  const { totals, iterations, phases, unmetered } = report;
  const rest = unmetered.length === 0 ? [] : [{ label: 'not metered', figures: sumParts(unmetered) }];
  const ofPhases = [...phases.map(({ phase, figures }) => ({ label: String(phase), figures })), ...rest];
  const parts = iterations.length > 1 ? groupIterations(iterations) : ofPhases;
  const cost = chooseCostFormat(parts.map(({ figures }) => figures.costNanoUsd));
  const measure = chooseMeasure(totals, cost);
  const bars = drawBars(parts, measure, { width, paint, shares: true });
  const sum = measure.isMoney ? describeCost(totals, { cost }) : `${measure.format(totalTokens(totals))} tokens`;
  return `${bars.join('\n')}\n\n${paint('bold', 'Total')}  ${sum}`;
}

export interface PeriodChartOptions extends TableOptions {
  /** 0 is Sunday. */
  readonly firstWeekday: number;
  readonly order: 'asc' | 'desc' | undefined;
  /** The last day of the calendar. */
  readonly today: Day;
}

const MOST_ENTRY_BARS = 31;

/** Draws a bar for each entry of `report`, and above them a calendar of its days where it is over time. */
export function renderPeriodChart(report: PeriodReport, options: PeriodChartOptions): string {
  const { width, paint, order } = options;
  const { kind, totals } = report;
  const measure = chooseMeasure(totals, chooseCostFormat([totals.costNanoUsd]));
  const overTime = isOverTime(kind);
  const named = report.entries.map(({ key, figures }) => ({ label: nameEntry(key), figures }));
  const entries = kind === 'daily' ? listDays(report, order) : named;
  // There is room for the newest entries, or the dearest.
  const atEnd = overTime ? order !== 'desc' : order === 'asc';
  const shown = atEnd ? entries.slice(-MOST_ENTRY_BARS) : entries.slice(0, MOST_ENTRY_BARS);
  const left = entries.length - shown.length;
  const word = overTime ? 'older' : 'cheaper';
  return [
    ...(overTime ? [...drawCalendar(report, measure, options), ''] : []),
    ...drawBars(shown, measure, { width, paint, shares: !overTime }),
    ...(left > 0 ? [paint('gray', `${formatCount(left)} ${word} ones are left out: the table has all.`)] : []),
  ].join('\n');
}

type Measure = ReturnType<typeof chooseMeasure>;

/** Measures money, or tokens where nothing has a price. */
function chooseMeasure(totals: Figures, cost: CostFormat) {
  const isMoney = (totals.costNanoUsd ?? 0) > 0;
  const amountOf = (figures: Figures) => (isMoney ? (figures.costNanoUsd ?? 0) : totalTokens(figures));
  const write = (figures: Figures) => (isMoney ? describeCost(figures, { cost }) : formatRounded(amountOf(figures)));
  return { isMoney, amountOf, write, format: isMoney ? cost : formatRounded, totals };
}

interface BarOptions extends TableOptions {
  /** Whether each bar says what share of the total it is. */
  readonly shares: boolean;
}

function drawBars(parts: readonly Labelled[], measure: Measure, { width, paint, shares }: BarOptions): string[] {
  const { amountOf, write, isMoney, totals } = measure;
  const bars = parts.map(({ label, figures }) => {
    const amount = figures ? amountOf(figures) : 0;
    const text = figures ? write(figures) : '-';
    // Keeps decimals below decimals where some costs end with `+`.
    const aligned = isMoney && totals.unpricedResponses > 0 && !text.endsWith('+') ? `${text} ` : text;
    const share = amount === 0 ? '' : formatShare(amount / amountOf(totals));
    return { label, amount, text: shares ? `${aligned} ${share.padStart(4)}` : aligned };
  });
  return renderBars(bars, width, paint);
}

function groupIterations(iterations: CostReport['iterations']): { label: string; figures: Figures }[] {
  const size = Math.ceil(iterations.length / MOST_ITERATION_BARS);
  const width = formatCount(iterations.at(-1)?.iteration ?? 0).length;
  return Array.from({ length: Math.ceil(iterations.length / size) }, (_, index) => {
    const group = iterations.slice(index * size, (index + 1) * size);
    const [first = 0, last = 0] = [group[0]?.iteration, group.at(-1)?.iteration];
    const numbers = [...new Set([first, last])].map((number) => formatCount(number).padStart(width));
    return { label: `iteration ${numbers.join('–')}`, figures: sumParts(group) };
  });
}

/** Lists the days from the first to the last one with usage, with those without any, so that a gap is seen. */
function listDays({ days }: PeriodReport, order: PeriodChartOptions['order']): Labelled[] {
  const known = new Map(days.map(({ day, figures }) => [day, figures]));
  const [first, last] = [days[0]?.day ?? 0, days.at(-1)?.day ?? -1];
  const all = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  const labelled = all.map((day) => ({ label: `${nameWeekday(day)} ${formatDay(day)}`, figures: known.get(day) }));
  return order === 'desc' ? labelled.reverse() : labelled;
}

function drawCalendar({ days, range }: PeriodReport, { amountOf, format }: Measure, options: PeriodChartOptions) {
  const { width, paint, firstWeekday, today } = options;
  const first = range.since ?? days[0]?.day ?? today;
  const last = Math.max(days.at(-1)?.day ?? first, Math.min(range.until ?? today, today));
  const amounts = new Map(days.map(({ day, figures }) => [day, amountOf(figures)]));
  return renderHeatmap(amounts, { width, paint, firstWeekday, first, last, formatAmount: format });
}
