import { COUNTERS, type CounterName } from '../usage/counters.js';
import type { Figures } from './figures.js';
import type { Column } from './table.js';

type Room = Pick<Column<CounterName>, 'dropOrder' | 'drop' | 'omitted'>;

/** A column for each counter. Where the table is too wide, a counter that `room` does not name goes first. */
export function counterColumns(room: { readonly [Name in CounterName]?: Room }): Column<CounterName>[] {
  return COUNTERS.map(({ name, label }) => ({ key: name, title: label, align: 'right', dropOrder: 0, ...room[name] }));
}

/** Whether a column is of a counter that is only shown where it is used, and is 0 in `totals`. */
export function isUnused(key: string, totals: Pick<Figures, 'usage'>): boolean {
  const counter = COUNTERS.find(({ name }) => name === key);
  return counter?.shown === 'where used' && totals.usage[counter.name] === 0;
}
