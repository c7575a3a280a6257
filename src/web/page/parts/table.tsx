import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { CsvValue } from '../../../usage/csv.js';
import { saveCsv } from '../csv.js';
import { chooseUsdDigits, formatCount, type UsdDigits } from '../format.js';

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  /** Beside the title in a CSV file, where the numbers stand bare. Amounts in `USD` are shown with the same digits. */
  readonly unit?: string;
  readonly align?: 'right';
  /** Whether its words may take several lines. */
  readonly wrap?: boolean;
  /** What it is sorted by, and what stands in a CSV file. */
  readonly value: (row: Row) => CsvValue;
  /** What is shown; the value itself when absent. */
  readonly show?: (row: Row, digits: UsdDigits | undefined) => ComponentChildren;
}

interface TableProps<Row> {
  /** Says what the table is of; also the name of its file. */
  readonly name: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  /** A last row, which is not sorted. */
  readonly total?: Row;
  readonly totalTitle?: string;
  /** So many rows at first, the others when asked for. */
  readonly first?: number;
  readonly details?: Details<Row> | undefined;
}

/** What a row opens into: its first cell is the button for it. */
export interface Details<Row> {
  readonly opened: ReadonlySet<string>;
  readonly onToggle: (key: string) => void;
  readonly show: (row: Row) => ComponentChildren;
}

/** The rows that are open, by their keys; at first those of `first`. */
export function useOpened(first: readonly string[] = []) {
  const [chosen, setChosen] = useState<ReadonlySet<string> | undefined>(undefined);
  const opened = chosen ?? new Set(first);
  return {
    opened,
    onToggle(key: string): void {
      const others = [...opened].filter((one) => one !== key);
      setChosen(new Set(others.length < opened.size ? others : [...others, key]));
    },
    open: (key: string) => setChosen(new Set([...opened, key])),
  };
}

interface Order {
  readonly key: string;
  readonly direction: 'ascending' | 'descending';
}

/** A table that is sorted by its headings and can be saved as CSV. */
export function Table<Row>(props: TableProps<Row>) {
  const { name, columns, rows, keyOf, total, totalTitle = 'Total', first = 100, details } = props;
  const [order, setOrder] = useState<Order | undefined>(undefined);
  const [extent, setExtent] = useState<'first' | 'all'>('first');
  const sorted = sortRows(rows, columns, order);
  // A row that was opened from elsewhere is shown, wherever it stands.
  const shown = sorted.filter((row, index) => extent === 'all' || index < first || details?.opened.has(keyOf(row)));
  const digits = columns.map(({ unit, value }) =>
    unit === 'USD' ? chooseUsdDigits(rows.map(value).map(toAmount)) : undefined,
  );
  const showRow = (row: Row, title?: string) =>
    columns.map((column, index) => showCell(column, row, { index, digits: digits[index], title, details, keyOf }));
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard */}
      <section class="scroller" aria-label={name} tabIndex={0}>
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <th
                  key={column.key}
                  scope="col"
                  class={column.align}
                  aria-sort={order?.key === column.key ? order.direction : undefined}
                >
                  <button type="button" onClick={() => setOrder(nextOrder(column, order))}>
                    {column.title}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => [
              <tr key={keyOf(row)} data-key={keyOf(row)}>
                {showRow(row)}
              </tr>,
              details?.opened.has(keyOf(row)) && (
                <tr key={`${keyOf(row)} details`} class="details">
                  <td colSpan={columns.length}>{details.show(row)}</td>
                </tr>
              ),
            ])}
          </tbody>
          {total !== undefined && (
            <tfoot>
              <tr>{showRow(total, totalTitle)}</tr>
            </tfoot>
          )}
        </table>
      </section>
      <p class="table-foot">
        {shown.length < sorted.length && (
          <button type="button" class="quiet" onClick={() => setExtent('all')}>
            Show all {formatCount(sorted.length)}
          </button>
        )}
        <button type="button" class="quiet" onClick={() => download(name, columns, sorted)}>
          Download CSV
        </button>
      </p>
    </>
  );
}

interface CellContext<Row> extends Pick<TableProps<Row>, 'details' | 'keyOf'> {
  readonly index: number;
  readonly digits: UsdDigits | undefined;
  /** Instead of the first cell. */
  readonly title: string | undefined;
}

function showCell<Row>(column: Column<Row>, row: Row, { index, digits, title, details, keyOf }: CellContext<Row>) {
  // The first cell of a total is its title: a total has no name that a column could show.
  const content = title !== undefined && index === 0 ? title : showContent(column, row, digits);
  if (index > 0) {
    return (
      <td key={column.key} class={classOf(column)}>
        {content}
      </td>
    );
  }
  return (
    <th key={column.key} scope="row" class={classOf(column)}>
      {details && title === undefined ? <Opener details={details} rowKey={keyOf(row)} content={content} /> : content}
    </th>
  );
}

function classOf<Row>({ align, wrap }: Column<Row>): string | undefined {
  return [align, wrap && 'wrap'].filter(Boolean).join(' ') || undefined;
}

function showContent<Row>(column: Column<Row>, row: Row, digits: UsdDigits | undefined): ComponentChildren {
  return column.show ? column.show(row, digits) : (column.value(row) ?? '–');
}

function Opener<Row>({
  details,
  rowKey,
  content,
}: {
  readonly details: Details<Row>;
  readonly rowKey: string;
  readonly content: ComponentChildren;
}) {
  return (
    <button
      type="button"
      class="opener"
      aria-expanded={details.opened.has(rowKey)}
      onClick={() => details.onToggle(rowKey)}
    >
      <span class="opener-shape" aria-hidden="true">
        {details.opened.has(rowKey) ? '▾' : '▸'}
      </span>
      {content}
    </button>
  );
}

function toAmount(cell: CsvValue): number | null {
  return typeof cell === 'number' ? cell : null;
}

function nextOrder<Row>(column: Column<Row>, order: Order | undefined): Order {
  const begin = column.align === 'right' ? 'descending' : 'ascending';
  const other = begin === 'descending' ? 'ascending' : 'descending';
  return { key: column.key, direction: order?.key === column.key && order.direction === begin ? other : begin };
}

function sortRows<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  order: Order | undefined,
): readonly Row[] {
  const column = columns.find(({ key }) => key === order?.key);
  if (!column || !order) return rows;
  const sign = order.direction === 'ascending' ? 1 : -1;
  return [...rows].sort((a, b) => sign * compareCells(column.value(a), column.value(b)));
}

function compareCells(a: CsvValue, b: CsvValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (a === null || b === null) return Number(b === null) - Number(a === null);
  return String(a).localeCompare(String(b));
}

function download<Row>(name: string, columns: readonly Column<Row>[], rows: readonly Row[]): void {
  const titles = columns.map(({ title, unit }) => (unit ? `${title} ${unit}` : title));
  const cells = rows.map((row) => columns.map((column) => column.value(row)));
  saveCsv(name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'), titles, cells);
}
