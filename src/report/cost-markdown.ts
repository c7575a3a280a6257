import { formatPlural } from './amounts.js';
import { chooseCostColumns } from './cost-columns.js';
import type { CostReport } from './cost-report.js';
import { type CostTableOptions, layOutCostRows } from './cost-table.js';
import { describeHeading } from './cost-text.js';
import { explainCredits } from './credits.js';
import { explainMarks, listNotes, type NotesExtent } from './notes.js';
import { PLAIN } from './paint.js';
import type { Selection } from './selector.js';
import type { Column, Row } from './table.js';

export interface CostMarkdownOptions extends CostTableOptions {
  readonly notes: NotesExtent;
}

/** Wide enough that no line is broken: what shows Markdown breaks lines itself. */
const ONE_LINE = 10_000;

/** Renders `report` in GitHub's Markdown, for the summary of a CI job or a comment. Ends with a newline. */
export function renderCostMarkdown(report: CostReport, selection: Selection, options: CostMarkdownOptions): string {
  const look = { clock: options.clock, width: ONE_LINE, paint: PLAIN };
  const [title = '', facts = ''] = describeHeading(report, selection, look);
  const notes = listNotes(report, options.notes);
  const sections = [
    `## ${escapeMarkdown(title)}`,
    escapeMarkdown(facts),
    renderMarkdownTable(chooseCostColumns(report, options.extent), layOutCostRows(report, options)),
    ...[...explainMarks(report), ...explainCredits(report.totals.credits)].map(escapeMarkdown),
    ...(notes.length > 0 ? [renderNotes(notes)] : []),
  ];
  return `${sections.join('\n\n')}\n`;
}

/** A table in GitHub's Markdown. */
export function renderMarkdownTable<Key extends string>(
  columns: readonly Column<Key>[],
  rows: readonly Row<Key>[],
): string {
  const lines = [
    columns.map(({ title }) => title),
    columns.map(({ align }) => (align === 'right' ? '--:' : ':--')),
    ...rows.map(({ cells, style }) =>
      columns.map(({ key }) => {
        const cell = escapeMarkdown(cells[key] ?? '').trim();
        return style === 'bold' && cell !== '' ? `**${cell}**` : cell;
      }),
    ),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Notes are folded, because there can be many. */
function renderNotes(notes: readonly string[]): string {
  const lines = notes.map((note) => `- ${escapeMarkdown(note)}`).join('\n');
  return `<details><summary>${formatPlural(notes.length, 'note')}</summary>\n\n${lines}\n\n</details>`;
}

/** Names come from the user's folders and runs, so none of their characters may act as Markdown. */
export function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_~{}[\]<>|#$&!@]/g, (character) => `\\${character}`);
}
