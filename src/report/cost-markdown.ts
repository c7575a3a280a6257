import { formatPlural } from './amounts.js';
import type { CostReport } from './cost-report.js';
import { type CostTableOptions, layOutCostTable } from './cost-table.js';
import { describeHeading } from './cost-text.js';
import { explainCredits } from './credits.js';
import { PLAIN } from './paint.js';
import { explainMarks, listNotes, type NotesExtent } from './remarks.js';
import type { Selection } from './selection.js';
import type { Column, Row } from './table.js';

export interface CostMarkdownOptions extends CostTableOptions {
  readonly notes: NotesExtent;
}

/** Who reads Markdown breaks the lines. */
const ONE_LINE = 10_000;

/** `report` in GitHub's Markdown: for the summary of a CI job, or a comment. Ends with a newline. */
export function renderCostMarkdown(report: CostReport, selection: Selection, options: CostMarkdownOptions): string {
  const look = { clock: options.clock, width: ONE_LINE, paint: PLAIN };
  const [title = '', facts = ''] = describeHeading(report, selection, look);
  const { columns, rows } = layOutCostTable(report, options);
  const notes = listNotes(report, options.notes);
  const sections = [
    `## ${escapeMarkdown(title)}`,
    escapeMarkdown(facts),
    renderTable(columns, rows),
    ...[...explainMarks(report), ...explainCredits(report.totals.credits)].map(escapeMarkdown),
    ...(notes.length > 0 ? [renderNotes(notes)] : []),
  ];
  return `${sections.join('\n\n')}\n`;
}

function renderTable<Key extends string>(columns: readonly Column<Key>[], rows: readonly Row<Key>[]): string {
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

/** Folded, because there can be many. */
function renderNotes(notes: readonly string[]): string {
  const lines = notes.map((note) => `- ${escapeMarkdown(note)}`).join('\n');
  return `<details><summary>${formatPlural(notes.length, 'note')}</summary>\n\n${lines}\n\n</details>`;
}

/** Names come from the user's folders and runs: none of their characters means anything here. */
function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_~{}[\]<>|#$&!@]/g, (character) => `\\${character}`);
}
