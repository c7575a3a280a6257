import sliceAnsi from 'slice-ansi';
import stringWidth from 'string-width';
import type { Paint, Style } from './paint.js';

/** A column of a table. Widths are in cells of a terminal. */
export interface Column<Key extends string> extends ColumnLimits {
  readonly key: Key;
  readonly title: string;
  readonly align: 'left' | 'right';
  /**
   * A column that the others do not need: cells are not worded shorter to make room for it. `silently`: nothing says
   * when it is left out.
   */
  readonly omitted?: 'easily' | 'silently';
}

/** What may become of a column in a table that is too wide. */
export interface ColumnLimits {
  /** The column with the lowest number is left out first, one without a number never. */
  readonly dropOrder?: number;
  /** Texts may be cut down to this width before any column is left out. Without it they are never cut. */
  readonly minWidth?: number;
  /** Texts are cut down to this width where that saves a column that is left out `reluctantly`, or the last ones. */
  readonly narrowest?: number;
  readonly drop?: 'reluctantly';
}

export interface Row<Key extends string> {
  readonly cells: Readonly<Partial<Record<Key, string>>>;
  readonly style?: Style;
  /** Styles of single cells, where they differ from the row's. */
  readonly styles?: Readonly<Partial<Record<Key, Style | undefined>>>;
  /** The row is left out together with this column, because it would say nothing without it. */
  readonly needs?: Key;
  /** Draws a line above the row. */
  readonly ruled?: boolean;
}

export interface TableOptions {
  readonly width: number;
  readonly paint: Paint;
}

export interface RenderedTable {
  readonly text: string;
  /** The titles of the columns that did not fit, but for those that are omitted silently. */
  readonly missing: readonly string[];
}

const GAP = '  ';
const NARROWEST = 12;
/** ASCII, and the lines and blocks that reports draw with: each takes one cell. */
const ONE_CELL_EACH = /^[\x20-\x7e\u2500-\u259f]*$/;

/** Sets `rows` in columns, on lines of at most `width` cells as far as the columns that must stay allow it. */
export function renderTable<Key extends string>(
  columns: readonly Column<Key>[],
  rows: readonly Row<Key>[],
  { width, paint }: TableOptions,
): RenderedTable {
  const fitted = fitTable(columns, rows, width);
  const titles = Object.fromEntries(columns.map(({ key, title }) => [key, title])) as Record<Key, string>;
  const isShown = ({ needs }: Row<Key>) => needs === undefined || fitted.some(({ key }) => key === needs);
  const body = rows.filter(isShown).map((row, index) => (index === 0 ? { ...row, ruled: true } : row));
  const lines = [{ cells: titles, style: 'bold' } as const, ...body].flatMap((row) => renderRow(fitted, row, paint));
  return { text: lines.join('\n'), missing: listMissing(columns, fitted) };
}

/** Renders the first of several wordings of the same rows in which no needed column is left out or cut, or else the last. */
export function renderFirstFitting<Key extends string>(
  columns: readonly Column<Key>[],
  wordings: readonly (() => readonly Row<Key>[])[],
  options: TableOptions,
): RenderedTable {
  for (const word of wordings.slice(0, -1)) {
    const rows = word();
    const fitted = fitTable(columns, rows, options.width);
    const suits = columns.every(({ key, omitted }) => {
      const { width = 0, natural = 1, minWidth = natural } = fitted.find((column) => column.key === key) ?? {};
      return omitted !== undefined || width >= Math.min(natural, minWidth);
    });
    if (suits) return renderTable(columns, rows, options);
  }
  return renderTable(columns, wordings.at(-1)?.() ?? [], options);
}

/** Says which columns a table has no room for: a paragraph, or none. */
export function describeMissing({ missing }: Pick<RenderedTable, 'missing'>): string[] {
  return missing.length === 0 ? [] : [`Left out for lack of width: ${missing.join(', ')}.`];
}

/** Keeps decimals below decimals in `keys` where some amounts end with a `+` and others do not. */
export function alignDecimals<Key extends string>(rows: readonly Row<Key>[], ...keys: Key[]): readonly Row<Key>[] {
  const marked = keys.filter((key) => rows.some(({ cells }) => cells[key]?.endsWith('+')));
  if (marked.length === 0) return rows;
  return rows.map((row) => {
    const padded = marked.flatMap((key) => {
      const text = row.cells[key] ?? '';
      return text.endsWith('+') ? [] : [[key, `${text} `] as const];
    });
    return { ...row, cells: { ...row.cells, ...Object.fromEntries(padded) } };
  });
}

/**
 * Breaks `text` between words into lines of at most `width` cells, the later ones indented; the first one leaves as much
 * room, for what its caller writes before it. Addresses and paths stay whole.
 */
export function wrapText(text: string, width: number, indent = '  '): string {
  const room = Math.max(20, width - indent.length);
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line === '' || measureWidth(longer) <= room) line = longer;
    else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line]
    .map((part) => (part.includes('/') ? part : cutText(part, room)).trimEnd())
    .join(`\n${indent}`);
}

/** Cuts `text` off where it is longer than `width` cells. A style that it ends in is ended. */
export function cutText(text: string, width: number): string {
  if (measureWidth(text) <= width) return text;
  const cut = sliceAnsi(text, 0, width - 1);
  // The slice also has a character of two cells of which only the first one fits.
  return `${measureWidth(cut) < width ? cut : sliceAnsi(text, 0, width - 2)}…`;
}

/** How many cells of a terminal `text` takes. */
export function measureWidth(text: string): number {
  return ONE_CELL_EACH.test(text) ? text.length : stringWidth(text);
}

/** Joins the lines of sections, with an empty line between two of them. Leaves out empty sections. Ends with a newline. */
export function joinSections(sections: readonly (readonly string[])[]): string {
  const filled = sections.filter((lines) => lines.length > 0);
  return `${filled.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

/** Chooses the columns that fit into `width` cells, and their widths. What must stay may still be too wide. */
export function fitColumns<Limits extends ColumnLimits & { readonly natural: number }>(
  columns: readonly Limits[],
  width: number,
): (Limits & { readonly width: number })[] {
  let fitted = columns.map((column) => ({
    ...column,
    width: Math.min(column.natural, column.minWidth ?? column.natural),
  }));
  const spare = () => width - fitted.reduce((total, column) => total + column.width + GAP.length, -GAP.length);
  const cuttable = () => fitted.reduce((total, column) => total + cuttableIn(column), 0);
  const droppable = fitted.filter(({ dropOrder }) => dropOrder !== undefined);
  for (const victim of droppable.sort((a, b) => (a.dropOrder ?? 0) - (b.dropOrder ?? 0))) {
    if (spare() + (victim.drop === 'reluctantly' ? cuttable() : 0) >= 0) break;
    fitted = fitted.filter((column) => column !== victim);
  }
  // The rightmost cells say the least, so they are cut first and get room back last.
  for (const column of fitted.toReversed()) column.width -= Math.min(cuttableIn(column), Math.max(0, -spare()));
  for (const column of fitted) column.width += Math.min(column.natural - column.width, Math.max(0, spare()));
  return fitted;
}

function cuttableIn({ width, minWidth, narrowest = NARROWEST }: ColumnLimits & { readonly width: number }): number {
  return minWidth === undefined ? 0 : Math.max(0, width - narrowest);
}

function fitTable<Key extends string>(columns: readonly Column<Key>[], rows: readonly Row<Key>[], width: number) {
  const measured = columns.map((column) => ({
    ...column,
    natural: Math.max(...[column.title, ...rows.map(({ cells }) => cells[column.key] ?? '')].map(measureWidth)),
  }));
  return fitColumns(measured, width);
}

function listMissing<Key extends string>(columns: readonly Column<Key>[], fitted: readonly Column<Key>[]): string[] {
  const missing = columns.filter(({ key }) => !fitted.some((column) => column.key === key));
  return missing.flatMap(({ title, omitted }) => (omitted === 'silently' ? [] : title));
}

/** The line of a row, and the line above it where it is ruled. */
function renderRow<Key extends string>(
  columns: readonly (Column<Key> & { readonly width: number })[],
  { cells, style, styles, ruled }: Row<Key>,
  paint: Paint,
): string[] {
  const written = columns.map(({ key, align, width }) => {
    const text = cutText(cells[key] ?? '', width);
    const padding = ' '.repeat(width - measureWidth(text));
    const painted = styles?.[key] ?? style;
    const cell = painted && text ? paint(painted, text) : text;
    return align === 'right' ? padding + cell : cell + padding;
  });
  const line = written.join(GAP).trimEnd();
  const rule = columns.map(({ width }) => '─'.repeat(width)).join('──');
  return ruled ? [rule, line] : [line];
}
