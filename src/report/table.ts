import CliTable from 'cli-table3';
import { fitColumns, type MeasuredColumn } from './columns.js';
import type { Paint, Style } from './paint.js';

export interface Column<Key extends string> extends Omit<MeasuredColumn, 'natural'> {
  readonly key: Key;
  readonly title: string;
  readonly align: 'left' | 'right';
}

export interface Row<Key extends string> {
  readonly cells: Readonly<Partial<Record<Key, string>>>;
  readonly style?: Style;
  /** Styles of single cells, where they differ from the row's. */
  readonly styles?: Readonly<Partial<Record<Key, Style>>>;
  /** Left out when this column is: it would say nothing without. */
  readonly needs?: Key;
  /** A line above it. */
  readonly ruled?: boolean;
}

export interface TableOptions {
  readonly width: number;
  readonly paint: Paint;
}

export interface RenderedTable {
  readonly text: string;
  /** The titles of the columns that did not fit. */
  readonly missing: readonly string[];
}

const GAP = '  ';
const BARE = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: GAP,
};
const UNPADDED = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 };
const RULE = { top: '─', 'top-mid': '──', mid: '─', 'mid-mid': '──' };
/** ASCII, and the lines and blocks that we draw with. */
const ONE_COLUMN_EACH = /^[\x20-\x7e\u2500-\u259f]*$/;
// cli-table3 looks at every pair of rows: many short tables of the same widths take a tenth of the time of a long one.
const ROWS_AT_ONCE = 10;

/** Sets `rows` in columns, on lines of at most `width` characters where the columns that must stay allow it. */
export function renderTable<Key extends string>(
  columns: readonly Column<Key>[],
  rows: readonly Row<Key>[],
  { width, paint }: TableOptions,
): RenderedTable {
  const fitted = fitTable(columns, rows, width);
  const titles = Object.fromEntries(columns.map(({ key, title }) => [key, title])) as Record<Key, string>;
  const isShown = ({ needs }: Row<Key>) => fitted.some(({ key }) => needs === undefined || key === needs);
  const lines: Row<Key>[] = [{ cells: titles, style: 'bold' }, ...rows.filter(isShown).map(ruleFirst)];
  const text: string[] = [];
  for (let start = 0; start < lines.length; start += ROWS_AT_ONCE) {
    text.push(renderRows(fitted, lines.slice(start, start + ROWS_AT_ONCE), paint));
  }
  return { text: text.join('\n'), missing: listMissing(columns, fitted) };
}

/** The titles of the columns that `rows` leave no room for. */
export function findMissing<Key extends string>(
  columns: readonly Column<Key>[],
  rows: readonly Row<Key>[],
  width: number,
): string[] {
  return listMissing(columns, fitTable(columns, rows, width));
}

/** Breaks `text` between words into lines of at most `width` characters, the later ones indented. */
export function wrapText(text: string, width: number, indent = '  '): string {
  const rows = renderCell(text, { colWidths: [Math.max(20, width - indent.length)], wordWrap: true });
  return rows.replaceAll(/ *\n/g, `\n${indent}`).trimEnd();
}

/** Cuts `text` off where it is longer than `width` characters. */
export function cutText(text: string, width: number): string {
  return measureWidth(text) <= width ? text : renderCell(text, { colWidths: [width] });
}

/** How many columns of a terminal `text` takes. */
export function measureWidth(text: string): number {
  if (ONE_COLUMN_EACH.test(text)) return text.length;
  return renderCell(text, { chars: { ...BARE, top: '─' } }).indexOf('\n');
}

function fitTable<Key extends string>(columns: readonly Column<Key>[], rows: readonly Row<Key>[], width: number) {
  const measured = columns.map((column) => ({
    ...column,
    natural: Math.max(...[column.title, ...rows.map(({ cells }) => cells[column.key] ?? '')].map(measureWidth)),
  }));
  return fitColumns(measured, { width, gap: GAP.length });
}

function listMissing<Key extends string>(columns: readonly Column<Key>[], fitted: readonly Column<Key>[]): string[] {
  return columns.flatMap(({ key, title }) => (fitted.some((column) => column.key === key) ? [] : title));
}

function renderCell(text: string, options: CliTable.TableConstructorOptions): string {
  const table = new CliTable({ chars: BARE, style: UNPADDED, ...options });
  table.push([text]);
  return table.toString();
}

function renderRows<Key extends string>(
  columns: readonly (Column<Key> & { readonly width: number })[],
  rows: readonly Row<Key>[],
  paint: Paint,
): string {
  const table = new CliTable({
    chars: BARE,
    style: UNPADDED,
    colWidths: columns.map((column) => column.width),
    colAligns: columns.map((column) => column.align),
  });
  for (const { cells, style, styles, ruled } of rows) {
    const chars = ruled ? RULE : {};
    table.push(
      columns.map(({ key }) => {
        const content = cells[key] ?? '';
        const painted = styles?.[key] ?? style;
        return { content: painted && content ? paint(painted, content) : content, chars };
      }),
    );
  }
  return table.toString().replace(/ +$/gm, '');
}

function ruleFirst<Key extends string>(row: Row<Key>, index: number): Row<Key> {
  return index === 0 ? { ...row, ruled: true } : row;
}
