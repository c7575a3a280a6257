import { cleanText, formatCents, formatCount, formatPlural, formatRounded } from './amounts.js';
import { formatDay } from './calendar.js';
import { explainCredits } from './credits.js';
import { describeCost, describeCredits } from './figures-text.js';
import { explainMarks } from './notes.js';
import type { Paint } from './paint.js';
import { type ChartOptions, renderPeriodChart } from './period-chart.js';
import type { PeriodReport } from './period-report.js';
import { costFormatOf, type PeriodTableOptions, renderPeriodTable } from './period-table.js';
import { describeMissing, wrapText } from './table.js';

export interface PeriodTextOptions extends PeriodTableOptions, ChartOptions {
  readonly view: 'table' | 'chart';
  /** What the report is limited to, in words: `only codex`, `project shop`. */
  readonly filters: readonly string[];
}

const TITLES = {
  daily: 'Usage by day',
  weekly: 'Usage by week',
  monthly: 'Usage by month',
  model: 'Usage by model',
  project: 'Usage by project',
  phase: 'Usage by phase of metered runs',
  branch: 'Usage by branch',
  pr: 'Usage by pull request',
  user: 'Usage by user',
  machine: 'Usage by machine',
  team: 'Usage by team',
} as const;

/** Renders `report` for a person: heading, table or chart, pace and forecast, what its marks mean. Ends with a newline. */
export function renderPeriodText(report: PeriodReport, options: PeriodTextOptions): string {
  const { width, paint } = options;
  const { text, remarks } = options.view === 'chart' ? drawChart(report, options) : setTable(report, options);
  const marks = [
    ...remarks,
    ...explainMarks(report, costFormatOf(report.totals)),
    ...explainCredits(report.totals.credits),
  ];
  const sections = [
    describePeriodHeading(report, options),
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
  const table = renderPeriodTable(report, options);
  return { text: table.text, remarks: options.extent === 'full' ? describeMissing(table) : [] };
}

function countTokens({ totals }: PeriodReport): number {
  return totals.usage.input + totals.usage.output;
}

/** Returns the title, and a line with the days, the time zone and the filters. */
export function describePeriodHeading(
  report: PeriodReport,
  { filters, width, paint }: Pick<PeriodTextOptions, 'filters' | 'width' | 'paint'>,
): string[] {
  const { kind, range, days, timeZone } = report;
  const first = range.since ?? days[0]?.day;
  const last = range.until ?? days.at(-1)?.day;
  const facts = [
    ...(first === undefined || last === undefined ? [] : [`${formatDay(first)} to ${formatDay(last)}`]),
    timeZone,
    ...filters.map(cleanText),
  ];
  const title = kind === 'tag' ? `Usage by ${cleanText(report.tagKey ?? '')}` : TITLES[kind];
  return [paint('bold', title), paint('gray', wrapText(facts.join('  '), width))];
}

/** Describes the burn rate and the forecast, a line each; nothing where no response has a price. */
function describePaceText({ kind, pace, forecast }: PeriodReport, width: number, paint: Paint): string[] {
  const { activeDays, calendarDays, nanoUsdPerActiveDay, nanoUsdPerCalendarDay, nanoUsdPerActiveHour } = pace;
  const lines: string[] = [];
  if (nanoUsdPerActiveDay !== undefined && nanoUsdPerCalendarDay !== undefined && nanoUsdPerActiveHour !== undefined) {
    const idle = `, ${formatCents(nanoUsdPerCalendarDay)} a calendar day`;
    lines.push(
      `${paint('bold', 'Pace')}     ${formatCents(nanoUsdPerActiveDay)} a day of use (${formatCount(activeDays)} of ` +
        `${formatPlural(calendarDays, 'day')})${activeDays < calendarDays ? idle : ''}, ` +
        `${formatCents(nanoUsdPerActiveHour)} an hour of use`,
    );
  }
  if (forecast) {
    // The report by phase has metered usage alone, and a forecast of a month is about the whole bill.
    const subject = kind === 'phase' ? ' for all usage, metered or not' : '';
    lines.push(
      `${paint('bold', forecast.month)}  ${formatCents(forecast.spentNanoUsd)} so far${subject}, about ` +
        `${formatCents(forecast.forecastNanoUsd)} at its end if it goes on like the last ` +
        `${formatPlural(forecast.basisDays, 'day')} (${formatCents(forecast.nanoUsdPerDay)} a day)`,
    );
  }
  return lines.map((line) => wrapText(line, width, '         '));
}
