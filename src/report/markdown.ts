import { PLAIN } from './paint.js';
import type { Column, Row } from './table.js';

/** How text is laid out that becomes Markdown: no line is broken, because what shows Markdown breaks lines itself. */
export const IN_MARKDOWN = { width: 10_000, paint: PLAIN };

/** Renders a report in GitHub's Markdown: a heading, sections that are Markdown already, and paragraphs of text. Ends with a newline. */
export function renderMarkdown(
  [title = '', ...facts]: readonly string[],
  sections: readonly string[],
  paragraphs: readonly string[],
): string {
  const texts = [
    `## ${escapeMarkdown(title)}`,
    ...facts.map(escapeMarkdown),
    ...sections,
    ...paragraphs.map(escapeMarkdown),
  ];
  return `${texts.filter(Boolean).join('\n\n')}\n`;
}

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

/** Names come from the user's folders and runs, so none of their characters may act as Markdown. */
export function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_~{}[\]<>|#$&!@]/g, (character) => `\\${character}`);
}
