import { COUNTERS, RESPONSE_COUNTERS, type ResponseCounter } from '../usage/counters.js';

/*
 * The SQL that names counters, made from the list of them. `alias` is the table whose columns are meant, where a query has
 * several.
 */

/** The columns of the counters that are summed up: `input_tokens, …` */
export const COUNTER_COLUMNS: string = list(COUNTERS, ({ column }) => column);

/** `r.input_tokens AS input, …` */
export function selectCounters(alias?: string, counters: readonly ResponseCounter[] = COUNTERS): string {
  return list(counters, ({ name, column }) => `${of(alias)}${column} AS ${name}`);
}

/** `sum(r.input_tokens) AS input, …`. Over no rows each is null, or 0 with `zero`. */
export function sumCounters(alias?: string, overNothing: 'null' | 'zero' = 'null'): string {
  const sum = (column: string) => `sum(${of(alias)}${column})`;
  return list(COUNTERS, ({ name, column }) => {
    return `${overNothing === 'zero' ? `coalesce(${sum(column)}, 0)` : sum(column)} AS ${name}`;
  });
}

/** The same sums under the names of their columns: for `COUNTER_COLUMNS` in another table. */
export function sumCounterColumns(alias?: string): string {
  return list(COUNTERS, ({ column }) => `sum(${of(alias)}${column}) AS ${column}`);
}

/** For `ON CONFLICT DO UPDATE SET`: the new counts in place of those that are there. */
export function replaceCounters(counters: readonly ResponseCounter[] = COUNTERS): string {
  return list(counters, ({ column }) => `${column} = excluded.${column}`);
}

/** Likewise: the new counts added to those that are there. */
export const ADD_COUNTERS: string = list(COUNTERS, ({ column }) => `${column} = ${column} + excluded.${column}`);

/*
 * In packs a counter is known by its place. One that was added later stands at the end, and is missing from what was packed
 * before it was there.
 */
const FIRST_COUNTERS: readonly ResponseCounter[] = RESPONSE_COUNTERS.filter(({ since }) => since === undefined);
const LATER_COUNTERS: readonly ResponseCounter[] = RESPONSE_COUNTERS.filter(({ since }) => since !== undefined);
/** How many of a sum's counters stand before its cost. */
export const FIRST_SUMS: number = COUNTERS.filter(({ since }) => since === undefined).length;

/** What stands in a row of a pack's `counts`, in its order: docs/schema.md. */
export const PACKED_COUNTS: readonly string[] = [
  ...['response_key', 'turn', 'kind', 'completed_at_ms'],
  ...FIRST_COUNTERS.map(({ column }) => column),
  'cost_nano_usd',
  ...LATER_COUNTERS.map(({ column }) => column),
];

/** The same of an entry of its `kinds`: what its responses have in common, and what they sum up to. */
export const PACKED_KINDS: readonly string[] = [
  ...['model', 'service_tier', 'evidence', 'source', 'price', 'responses', 'unpriced_responses'],
  ...COUNTERS.slice(0, FIRST_SUMS).map(({ column }) => column),
  ...['cost_nano_usd', 'first_completed_at_ms', 'last_completed_at_ms'],
  ...COUNTERS.slice(FIRST_SUMS).map(({ column }) => column),
];

function of(alias: string | undefined): string {
  return alias === undefined ? '' : `${alias}.`;
}

function list<T>(counters: readonly T[], write: (counter: T) => string): string {
  return counters.map(write).join(', ');
}
