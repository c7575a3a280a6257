import { cleanText, formatPlural } from './amounts.js';
import { type CostReport, listProjects } from './cost-report.js';
import { type CostTableOptions, layOutCostTable } from './cost-table.js';
import { explainCredits } from './credits.js';
import type { Paint } from './paint.js';
import { explainMarks, listNotes, type NotesExtent } from './remarks.js';
import type { Selection, SelectionReason } from './selection.js';
import { cutText, renderTable, wrapText } from './table.js';

export interface CostTextOptions extends CostTableOptions {
  readonly width: number;
  readonly paint: Paint;
  readonly notes: NotesExtent;
}

const REASONS: Readonly<Record<Exclude<SelectionReason, 'named'>, string>> = {
  'child-thread': 'the id is that of a child thread in it',
  'newest-of-project': 'the newest of the project',
  'newest-here': "the newest of this directory's project",
  newest: 'the newest of all; none is of this directory',
};

/** What a person reads of `report`: heading, table, what its marks mean, notes. Ends with a newline. */
export function renderCostText(report: CostReport, selection: Selection, options: CostTextOptions): string {
  const { width, paint } = options;
  const { columns, rows } = layOutCostTable(report, options);
  const table = renderTable(columns, rows, { width, paint });
  const sections = [
    describeHeading(report, selection, options),
    [table.text],
    [...describeMissing(table.missing), ...explainMarks(report), ...explainCredits(report.totals.credits)].map(
      (paragraph) => paint('gray', wrapText(paragraph, width)),
    ),
    describeNotes(report, options),
  ];
  const filled = sections.filter((lines) => lines.length > 0);
  return `${filled.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** The title, and below it what there is to know beside the figures. */
export function describeHeading(
  report: CostReport,
  { scope, reason }: Selection,
  { clock, width, paint }: Pick<CostTextOptions, 'clock' | 'width' | 'paint'>,
): string[] {
  const title = scope.kind === 'run' ? `Run ${cleanText(scope.runId)}` : `Session ${cleanText(scope.threadId)}`;
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

// When an invocation began is a convenience; a missing count is worth a line.
function describeMissing(titles: readonly string[]): string[] {
  const worth = titles.filter((title) => title !== 'Started');
  return worth.length === 0 ? [] : [`Left out for lack of width: ${worth.join(', ')}.`];
}

function describeNotes(report: CostReport, { notes, width, paint }: CostTextOptions): string[] {
  const lines = listNotes(report, notes);
  if (lines.length === 0) return [];
  const all = listNotes(report, 'all');
  const shown = lines.map((line) => (notes === 'all' ? wrapText(line, width, '    ') : cutText(line, width - 2)));
  const hint = notes === 'all' || shown.join() === all.join() ? '' : ' (--notes shows all in full)';
  return [paint('bold', formatPlural(all.length, 'note')) + hint, ...shown.map((line) => `  ${line}`)];
}
