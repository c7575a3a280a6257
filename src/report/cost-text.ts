import { cleanText, formatCount, formatPlural, formatRounded } from './amounts.js';
import { describePart } from './cost-part.js';
import { type CostReport, listProjects } from './cost-report.js';
import { type CostTableOptions, chooseCostColumns, layOutCostRows } from './cost-table.js';
import { explainCredits } from './credits.js';
import { renderCostChart } from './figures-chart.js';
import { escapeMarkdown, IN_MARKDOWN, renderMarkdown, renderMarkdownTable } from './markdown.js';
import { explainMarks, listNotes, type NotesExtent } from './notes.js';
import type { Selection, SelectionReason } from './selector.js';
import { cutText, describeMissing, joinSections, renderFirstFitting, type TableOptions, wrapText } from './table.js';
import { describeTags } from './tags.js';

export interface CostTextOptions extends CostTableOptions, TableOptions {
  readonly notes: NotesExtent;
  /** `chart`: a bar per iteration instead of the table. */
  readonly form?: 'table' | 'chart' | undefined;
}

const REASONS: Readonly<Record<Exclude<SelectionReason, 'named'>, string>> = {
  'child-thread': 'the id is that of a child thread in it',
  'newest-of-project': 'the newest of the project',
  'newest-here': "the newest of this directory's project",
  newest: 'the newest of all; none is of this directory',
};

/** Renders `report` for a person: heading, table or chart, what its marks mean, notes. Ends with a newline. */
export function renderCostText(report: CostReport, selection: Selection, options: CostTextOptions): string {
  const { width, paint, form } = options;
  const { text, missing } =
    form === 'chart' ? { text: renderCostChart(report, width, paint), missing: [] } : renderCostTable(report, options);
  return joinSections([
    describeHeading(report, selection, options),
    [text],
    [...describeMissing({ missing }), ...listMarks(report)].map((remark) => paint('gray', wrapText(remark, width))),
    describeNotes(report, options),
  ]);
}

/** Renders `report` in GitHub's Markdown, for the summary of a CI job or a comment. Notes are folded. Ends with a newline. */
export function renderCostMarkdown(
  report: CostReport,
  selection: Selection,
  options: CostTableOptions & Pick<CostTextOptions, 'notes'>,
): string {
  const heading = describeHeading(report, selection, { ...IN_MARKDOWN, clock: options.clock });
  const table = renderMarkdownTable(chooseCostColumns(report, options.extent), layOutCostRows(report, options));
  const notes = listNotes(report, options.notes);
  const list = notes.map((note) => `- ${escapeMarkdown(note)}`).join('\n');
  const summary = formatPlural(notes.length, 'note');
  const folded = `\n<details><summary>${summary}</summary>\n\n${list}\n\n</details>\n`;
  return renderMarkdown(heading, [table], listMarks(report)) + (notes.length > 0 ? folded : '');
}

function listMarks(report: CostReport): string[] {
  return [...explainMarks(report), ...explainCredits(report.totals.credits)];
}

/** Exact counts where there is room for the columns that matter, or else rounded ones, or else brief outcomes as well. */
function renderCostTable(report: CostReport, options: CostTextOptions) {
  const columns = chooseCostColumns(report, options.extent);
  const wordings = [
    { count: formatCount, outcome: 'full' },
    { count: formatRounded, outcome: 'full' },
    { count: formatRounded, outcome: 'brief' },
  ] as const;
  const rows = wordings.map((wording) => () => layOutCostRows(report, options, wording));
  return renderFirstFitting(columns, rows, options);
}

/** The title, and a line with the project, the start and the version. */
export function describeHeading(
  report: CostReport,
  { scope, reason, part }: Selection,
  { clock, width, paint }: Pick<CostTextOptions, 'clock' | 'width' | 'paint'>,
): string[] {
  const name = scope.kind === 'run' ? `Run ${cleanText(scope.runId)}` : `Session ${cleanText(scope.threadId)}`;
  const title = [
    name,
    ...(part ? [cleanText(describePart(part))] : []),
    ...describeTags(scope.tags).map(cleanText),
  ].join(', ');
  const why = reason === 'named' ? '' : ` (${REASONS[reason]})`;
  const rows = report.invocations.map(({ invocation }) => invocation);
  const threads = report.unmetered.map(({ thread }) => thread);
  const projects = listProjects(report).map(cleanText);
  const runs = [...new Set(rows.map(({ runId }) => cleanText(runId)))];
  const versions = [...new Set(rows.flatMap(({ codexVersion }) => codexVersion ?? []))];
  const starts = [...rows, ...threads].map(({ startedAtMs }) => startedAtMs);
  const writers = [...new Set(threads.map(({ provider, cliVersion }) => `${provider} ${cliVersion ?? ''}`.trim()))];
  const facts = [
    `project ${projects.join(', ')}`,
    ...(scope.kind === 'session' && runs.length === 1 ? [`run ${runs[0]}`] : []),
    `started ${clock.formatMinute(Math.min(...starts))}`,
    ...(versions.length > 0 ? [`codex ${versions.map(cleanText).join(', ')}`] : writers.map(cleanText)),
  ];
  return [paint('bold', title) + why, paint('gray', wrapText(facts.join('  '), width))];
}

function describeNotes(report: CostReport, { notes, width, paint }: CostTextOptions): string[] {
  const lines = listNotes(report, notes);
  if (lines.length === 0) return [];
  const all = listNotes(report, 'all');
  const shown = lines.map((line) => (notes === 'all' ? wrapText(line, width, '    ') : cutText(line, width - 2)));
  const hint = notes === 'all' || shown.join() === all.join() ? '' : ' (--notes shows all in full)';
  return [paint('bold', formatPlural(all.length, 'note')) + hint, ...shown.map((line) => `  ${line}`)];
}
