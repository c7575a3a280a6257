import { chooseCostFormat, cleanText, formatCents, formatCount, formatPlural, formatRounded } from './amounts.js';
import { formatDay } from './calendar.js';
import { explainCredits } from './credits.js';
import { totalTokens } from './figures.js';
import { type PeriodChartOptions, renderPeriodChart } from './figures-chart.js';
import { describeCost, describeCredits } from './figures-text.js';
import { IN_MARKDOWN, renderMarkdown, renderMarkdownTable } from './markdown.js';
import { explainMarks } from './notes.js';
import type { Paint } from './paint.js';
import type { PeriodReport } from './period-report.js';
import {
  choosePeriodColumns,
  layOutPeriodRows,
  nameSubject,
  type PeriodTableOptions,
  renderPeriodTable,
} from './period-table.js';
import { describeMissing, joinSections, wrapText } from './table.js';

export interface PeriodTextOptions extends PeriodTableOptions, PeriodChartOptions {
  readonly view: 'table' | 'chart';
  /** What the report is limited to, in words: `only codex`, `project shop`. */
  readonly filters: readonly string[];
}

/** Renders `report` for a person: heading, table or chart, pace and forecast, what its marks mean. Ends with a newline. */
export function renderPeriodText(report: PeriodReport, options: PeriodTextOptions): string {
  const { width, paint } = options;
  const { text, remarks } = options.view === 'chart' ? drawChart(report, options) : setTable(report, options);
  return joinSections([
    describeHeading(report, options),
    [text],
    describePaceText(report, width, paint),
    [...remarks, ...listMarks(report)].map((remark) => paint('gray', wrapText(remark, width))),
  ]);
}

/** Renders `report` in GitHub's Markdown, for the summary of a CI job or a page of a wiki. Ends with a newline. */
export function renderPeriodMarkdown(
  report: PeriodReport,
  options: Pick<PeriodTextOptions, 'extent' | 'detail' | 'filters'>,
): string {
  const heading = describeHeading(report, { ...IN_MARKDOWN, filters: options.filters });
  const rows = layOutPeriodRows(
    report,
    { count: formatCount, cost: chooseCostFormat([report.totals.costNanoUsd]) },
    options,
  );
  return renderMarkdown(heading, [renderMarkdownTable(choosePeriodColumns(report, options), rows)], listMarks(report));
}

function listMarks(report: PeriodReport): string[] {
  return [
    ...explainMarks(report, chooseCostFormat([report.totals.costNanoUsd])),
    ...explainCredits(report.totals.credits),
  ];
}

function drawChart(report: PeriodReport, options: PeriodTextOptions) {
  const total = describeCost(report.totals, { cost: chooseCostFormat([report.totals.costNanoUsd]) });
  const credits = describeCredits(report.totals);
  const amounts = [
    total,
    ...(credits ? [`${credits} credits`] : []),
    `${formatRounded(totalTokens(report.totals))} tokens`,
  ];
  const sum = `${options.paint('bold', 'Total')}    ${amounts.join(', ')}`;
  return { text: `${renderPeriodChart(report, options)}\n\n${sum}`, remarks: [] };
}

function setTable(report: PeriodReport, options: PeriodTextOptions) {
  const table = renderPeriodTable(report, options);
  return { text: table.text, remarks: options.extent === 'full' ? describeMissing(table) : [] };
}

/** Returns the title, and a line with the days, the time zone and the filters. */
function describeHeading(
  report: PeriodReport,
  { filters, width, paint }: Pick<PeriodTextOptions, 'filters' | 'width' | 'paint'>,
): string[] {
  const { range, days, timeZone } = report;
  const first = range.since ?? days[0]?.day;
  const last = range.until ?? days.at(-1)?.day;
  const facts = [
    ...(first === undefined || last === undefined ? [] : [`${formatDay(first)} to ${formatDay(last)}`]),
    timeZone,
    ...filters.map(cleanText),
  ];
  const [subject] = nameSubject(report);
  return [paint('bold', `Usage by ${subject}`), paint('gray', wrapText(facts.join('  '), width))];
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
