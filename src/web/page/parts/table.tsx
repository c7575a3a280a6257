import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { type CsvValue, writeCsvRow } from '../../../usage/csv.js';
import { chooseUsdDigits, formatCount, type UsdDigits } from '../format.js';

export interface Column<Row> {
  /** The heading. No two columns of a table have the same. */
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
  readonly title: string;
  readonly direction: 'ascending' | 'descending';
}

/** A table that is sorted by its headings and can be saved as CSV. */
export function Table<Row>(props: TableProps<Row>) {
  const { name, columns, rows, keyOf, total, first = 100, details } = props;
  const [order, setOrder] = useState<Order | undefined>(undefined);
  const [extent, setExtent] = useState<'first' | 'all'>('first');
  const sorted = sortRows(props, order);
  // A row that was opened from elsewhere is shown, wherever it stands.
  const shown = sorted.filter((row, index) => extent === 'all' || index < first || details?.opened.has(keyOf(row)));
  const digits = columns.map(({ unit, value }) => {
    const amounts = rows.map(value).map((cell) => (typeof cell === 'number' ? cell : null));
    return unit === 'USD' ? chooseUsdDigits(amounts) : undefined;
  });
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard */}
      <section class="scroller" aria-label={name} tabIndex={0}>
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <th
                  key={column.title}
                  scope="col"
                  class={column.align}
                  aria-sort={order?.title === column.title ? order.direction : undefined}
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
                {showCells(props, row, digits)}
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
              <tr>{showCells(props, total, digits, 'Total')}</tr>
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
        <button type="button" class="quiet" onClick={() => download(props, sorted)}>
          Download CSV
        </button>
      </p>
    </>
  );
}

/** The cells of a row. A total has no name that its first column could show: it has `title` there. */
function showCells<Row>(
  { columns, keyOf, details }: TableProps<Row>,
  row: Row,
  digits: readonly (UsdDigits | undefined)[],
  title?: string,
) {
  return columns.map(({ title: heading, align, wrap, value, show }, index) => {
    const look = [align, wrap && 'wrap'].filter(Boolean).join(' ') || undefined;
    const content = () => (show ? show(row, digits[index]) : (value(row) ?? '–'));
    if (index > 0) {
      return (
        <td key={heading} class={look}>
          {content()}
        </td>
      );
    }
    const opener = () => details && <Opener details={details} rowKey={keyOf(row)} content={content()} />;
    return (
      <th key={heading} scope="row" class={look}>
        {title ?? opener() ?? content()}
      </th>
    );
  });
}

interface OpenerProps<Row> {
  readonly details: Details<Row>;
  readonly rowKey: string;
  readonly content: ComponentChildren;
}

function Opener<Row>({ details: { opened, onToggle }, rowKey, content }: OpenerProps<Row>) {
  const isOpen = opened.has(rowKey);
  return (
    <button type="button" class="opener" aria-expanded={isOpen} onClick={() => onToggle(rowKey)}>
      <span class="opener-shape" aria-hidden="true">
        {isOpen ? '▾' : '▸'}
      </span>
      {content}
    </button>
  );
}

function nextOrder<Row>({ title, align }: Column<Row>, order: Order | undefined): Order {
  const [first, second] =
    align === 'right' ? (['descending', 'ascending'] as const) : (['ascending', 'descending'] as const);
  return { title, direction: order?.title === title && order.direction === first ? second : first };
}

function sortRows<Row>({ rows, columns }: TableProps<Row>, order: Order | undefined): readonly Row[] {
  const column = columns.find(({ title }) => title === order?.title);
  if (!column) return rows;
  const sign = order?.direction === 'ascending' ? 1 : -1;
  return [...rows].sort((a, b) => sign * compareCells(column.value(a), column.value(b)));
}

function compareCells(a: CsvValue, b: CsvValue): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (a === null || b === null) return Number(b === null) - Number(a === null);
  return String(a).localeCompare(String(b));
}

/** Lets the browser save the rows as a CSV file. */
function download<Row>({ name, columns }: TableProps<Row>, rows: readonly Row[]): void {
  const titles = columns.map(({ title, unit }) => (unit ? `${title} ${unit}` : title));
  const lines = [titles, ...rows.map((row) => columns.map(({ value }) => value(row)))].map((row) => writeCsvRow(row));
  const url = URL.createObjectURL(new Blob([`${lines.join('\r\n')}\r\n`], { type: 'text/csv;charset=utf-8' }));
  const fileName = `${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}.csv`;
  Object.assign(document.createElement('a'), { href: url, download: fileName }).click();
  URL.revokeObjectURL(url);
}
