import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { type Cell, saveCsv } from '../csv.js';

export interface Column<Row> {
  readonly key: string;
  readonly title: string;
  /** Beside the title in a CSV file, where the numbers stand bare. */
  readonly unit?: string;
  readonly align?: 'right';
  /** What it is sorted by, and what stands in a CSV file. */
  readonly value: (row: Row) => Cell;
  /** What is shown; the value itself when absent. */
  readonly show?: (row: Row) => ComponentChildren;
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
}

interface Order {
  readonly key: string;
  readonly direction: 'ascending' | 'descending';
}

/** A table that is sorted by its headings and can be saved as CSV. */
export function Table<Row>({ name, columns, rows, keyOf, total, totalTitle = 'Total', first = 100 }: TableProps<Row>) {
  const [order, setOrder] = useState<Order | undefined>(undefined);
  const [extent, setExtent] = useState<'first' | 'all'>('first');
  const sorted = sortRows(rows, columns, order);
  const shown = extent === 'all' ? sorted : sorted.slice(0, first);
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
            {shown.map((row) => (
              <tr key={keyOf(row)}>{columns.map((column, index) => showCell(column, row, index))}</tr>
            ))}
          </tbody>
          {total !== undefined && (
            <tfoot>
              <tr>
                {columns.map((column, index) =>
                  index === 0 ? (
                    <th key={column.key} scope="row">
                      {totalTitle}
                    </th>
                  ) : (
                    showCell(column, total, index)
                  ),
                )}
              </tr>
            </tfoot>
          )}
        </table>
      </section>
      <p class="table-foot">
        {shown.length < sorted.length && (
          <button type="button" class="quiet" onClick={() => setExtent('all')}>
            Show all {sorted.length}
          </button>
        )}
        <button type="button" class="quiet" onClick={() => download(name, columns, sorted)}>
          Download CSV
        </button>
      </p>
    </>
  );
}

function showCell<Row>(column: Column<Row>, row: Row, index: number) {
  const content = column.show ? column.show(row) : (column.value(row) ?? '–');
  return index === 0 ? (
    <th key={column.key} scope="row" class={column.align}>
      {content}
    </th>
  ) : (
    <td key={column.key} class={column.align}>
      {content}
    </td>
  );
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

function compareCells(a: Cell, b: Cell): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (a === null || b === null) return Number(b === null) - Number(a === null);
  return String(a).localeCompare(String(b));
}

function download<Row>(name: string, columns: readonly Column<Row>[], rows: readonly Row[]): void {
  const titles = columns.map(({ title, unit }) => (unit ? `${title} ${unit}` : title));
  const cells = rows.map((row) => columns.map((column) => column.value(row)));
  saveCsv(name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-'), titles, cells);
}
