import { formatCount } from './amounts.js';
import { escapeMarkdown, renderMarkdownTable } from './cost-markdown.js';
import { explainCredits } from './credits.js';
import { explainMarks } from './notes.js';
import { PLAIN } from './paint.js';
import type { PeriodReport } from './period-report.js';
import { choosePeriodColumns, costFormatOf, layOutPeriodRows, type PeriodTableOptions } from './period-table.js';
import { describePeriodHeading } from './period-text.js';

/** Wide enough that no line is broken: what shows Markdown breaks lines itself. */
const ONE_LINE = 10_000;

export interface PeriodMarkdownOptions extends Pick<PeriodTableOptions, 'extent' | 'detail'> {
  readonly filters: readonly string[];
}

/** Renders `report` in GitHub's Markdown, for the summary of a CI job or a page of a wiki. Ends with a newline. */
export function renderPeriodMarkdown(report: PeriodReport, { filters, ...options }: PeriodMarkdownOptions): string {
  const style = { width: ONE_LINE, paint: PLAIN };
  const [title = '', facts = ''] = describePeriodHeading(report, { ...style, filters });
  const cost = costFormatOf(report.totals);
  const rows = layOutPeriodRows(report, { count: formatCount, cost }, options);
  const sections = [
    `## ${escapeMarkdown(title)}`,
    escapeMarkdown(facts),
    renderMarkdownTable(choosePeriodColumns(report, options), rows),
    ...[...explainMarks(report, cost), ...explainCredits(report.totals.credits)].map(escapeMarkdown),
  ];
  return `${sections.join('\n\n')}\n`;
}
