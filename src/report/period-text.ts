import { cleanText, formatCount, formatPlural, formatRounded } from './amounts.js';
import { formatDay } from './calendar.js';
import { explainCredits } from './credits.js';
import { describeCost, describeCredits } from './figures-text.js';
import type { Paint } from './paint.js';
import { type ChartOptions, renderPeriodChart } from './period-chart.js';
import type { PeriodKind } from './period-range.js';
import type { PeriodReport } from './period-report.js';
import { CONVENIENT, costFormatOf, type PeriodTableOptions, renderPeriodTable } from './period-table.js';
import { explainMarks } from './remarks.js';
import { wrapText } from './table.js';

export interface PeriodTextOptions extends PeriodTableOptions, ChartOptions {
  readonly view: 'table' | 'chart';
  /** What the reader asked to see alone: `codex`, `project shop`. */
  readonly filters: readonly string[];
}

const TITLES: Readonly<Record<PeriodKind, string>> = {
  daily: 'Usage by day',
  weekly: 'Usage by week',
  monthly: 'Usage by month',
  model: 'Usage by model',
  project: 'Usage by project',
  phase: 'Usage by phase of metered runs',
};

/** What a person reads of `report`: heading, table or chart, pace and forecast, what its marks mean. Ends with a newline. */
export function renderPeriodText(report: PeriodReport, options: PeriodTextOptions): string {
  const { width, paint } = options;
  const { text, remarks } = options.view === 'chart' ? drawChart(report, options) : setTable(report, options);
  const marks = [
    ...remarks,
    ...explainMarks(report, costFormatOf(report.totals)),
    ...explainCredits(report.totals.credits),
  ];
  const sections = [
    describeHeading(report, options),
    [text],
    describePaceText(report, width, paint),
    marks.map((remark) => paint('gray', wrapText(remark, width))),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function drawChart(report: PeriodReport, options: PeriodTextOptions) {
  const total = describeCost(report.totals, { cost: costFormatOf(report.totals) });
  const credits = describeCredits(report.totals);
  const amounts = [total, ...(credits ? [`${credits} credits`] : []), `${formatRounded(countTokens(report))} tokens`];
  const sum = `${options.paint('bold', 'Total')}    ${amounts.join(', ')}`;
  return { text: `${renderPeriodChart(report, options)}\n\n${sum}`, remarks: [] };
}

function setTable(report: PeriodReport, options: PeriodTextOptions) {
  const { text, missing } = renderPeriodTable(report, options);
  const missed = options.extent === 'full' ? missing.filter((title) => !CONVENIENT.includes(title)) : [];
  return { text, remarks: missed.length === 0 ? [] : [`Left out for lack of width: ${missed.join(', ')}.`] };
}

function countTokens({ totals }: PeriodReport): number {
  return totals.usage.input + totals.usage.output;
}

function describeHeading(report: PeriodReport, { filters, width, paint }: PeriodTextOptions): string[] {
  const { kind, range, days, timeZone } = report;
  const first = range.since ?? days[0]?.day;
  const last = range.until ?? days.at(-1)?.day;
  const facts = [
    ...(first === undefined || last === undefined ? [] : [`${formatDay(first)} to ${formatDay(last)}`]),
    timeZone,
    ...filters.map(cleanText),
  ];
  return [paint('bold', TITLES[kind]), paint('gray', wrapText(facts.join('  '), width))];
}

/** The burn rate and the forecast, a line each; none where nothing has a price. */
function describePaceText({ pace, forecast, totals }: PeriodReport, width: number, paint: Paint): string[] {
  const cost = costFormatOf(totals);
  const { activeDays, calendarDays, nanoUsdPerActiveDay, nanoUsdPerCalendarDay, nanoUsdPerActiveHour } = pace;
  const lines: string[] = [];
  if (nanoUsdPerActiveDay !== undefined && nanoUsdPerCalendarDay !== undefined && nanoUsdPerActiveHour !== undefined) {
    const idle = `, ${cost(nanoUsdPerCalendarDay)} a calendar day`;
    lines.push(
      `${paint('bold', 'Pace')}     ${cost(nanoUsdPerActiveDay)} a day of use (${formatCount(activeDays)} of ` +
        `${formatPlural(calendarDays, 'day')})${activeDays < calendarDays ? idle : ''}, ` +
        `${cost(nanoUsdPerActiveHour)} an hour of use`,
    );
  }
  if (forecast) {
    lines.push(
      `${paint('bold', forecast.month)}  ${cost(forecast.spentNanoUsd)} so far, about ${cost(forecast.forecastNanoUsd)} ` +
        `at its end if it goes on like the last ${formatPlural(forecast.basisDays, 'day')} ` +
        `(${cost(forecast.nanoUsdPerDay)} a day)`,
    );
  }
  return lines.map((line) => wrapText(line, width, '         '));
}
