import { COUNTER_COLUMNS, sumCounterColumns, sumCounters } from './counter-columns.js';
import type { Connection } from './open.js';
import type { Pack } from './pack.js';
import { lacksPrice, RESPONSE_COLUMNS } from './response-rows.js';
import { type Between, isBetween } from './sql.js';

/*
 * What an import reads lies packed: many responses of a session in one row, as JSON, which SQLite itself can read
 * (`packed_responses`). A pack is sealed: nothing in it changes. Whoever has to change one of its responses calls
 * `unpackThreads` first; everybody else reads packs as they are.
 */

/** Prepares the writing of packs. */
export function createPackInsert(connection: Connection): (pack: Pack, now: number) => void {
  // Values by position: naming them takes as long as writing the row.
  const insert = connection.prepare<unknown[]>(INSERT);
  return ({ provider, threadId, firstMs, lastMs, responses, turns, kinds, counts }, now) => {
    insert.run(provider, threadId, firstMs, lastMs, responses, turns, kinds, counts, now);
  };
}

/** What is recorded of a thread: whether it has rows, how many packs it has, and its project where that is known. */
export interface Holdings {
  readonly rows: 0 | 1;
  readonly packs: number;
  readonly projectId: string | null;
}

export function createHoldings(connection: Connection): (threadId: string) => Holdings {
  const find = connection.prepare<[string, string, string], Holdings>(HOLDINGS);
  return (threadId) => find.get(threadId, threadId, threadId) as Holdings;
}

/** Prepares the reading of the keys of a thread's packed responses. */
export function createPackedKeys(connection: Connection): (threadId: string) => Set<string> {
  const list = connection.prepare<[string], string>(PACKED_KEYS).pluck();
  return (threadId) => new Set(list.all(threadId));
}

/** Makes rows of all packed responses of threads. To be used within the transaction that changes one of them. */
export function unpackThreads(connection: Connection, threadIds: Iterable<string>): void {
  const list = connection.prepare<[string], number>('SELECT id FROM response_packs WHERE thread_id = ? ORDER BY id');
  const take = connection.prepare<[number]>(TAKE);
  const drop = connection.prepare<[number]>('DELETE FROM response_packs WHERE id = ?');
  for (const threadId of threadIds) {
    for (const id of list.pluck().all(threadId)) {
      take.run(id);
      drop.run(id);
    }
  }
}

/** SQL: the responses that were completed in a span of time, as rows of the view `responses`. Packs without any are not read. */
export function responsesBetween(span: Between): string {
  if (span.fromMs === undefined && span.untilMs === undefined) return 'responses';
  const isWithin = isBetween(span, 'completed_at_ms');
  return `(
    SELECT id, invocation_id, ${RESPONSE_COLUMNS} FROM response_rows WHERE ${isWithin}
    UNION ALL SELECT NULL, NULL, ${RESPONSE_COLUMNS} FROM packed_responses WHERE ${isWithin} AND pack_id IN (
      SELECT id FROM response_packs WHERE ${isBetween(span, 'last_completed_at_ms', 'first_completed_at_ms')}))`;
}

/**
 * SQL: sums over the responses that were completed in a span of time and fulfil `condition` (on the columns `thread_id`, `model` and
 * `provider`): by thread, invocation, provider, model, source and evidence, whether they were metered or imported. The columns are
 * named as in `buckets`; `first_ms` and `last_ms` are the times of the first and the last response. A pack has its sums already:
 * only those that lie in the span in part are opened.
 */
export function threadSums(span: Between, condition = 'TRUE'): string {
  const isAll = span.fromMs === undefined && span.untilMs === undefined;
  const isWithin = `${isBetween(span, 'completed_at_ms')} AND ${condition}`;
  const isTouched = isBetween(span, 'last_completed_at_ms', 'first_completed_at_ms');
  const whole = `SELECT id FROM response_packs WHERE ${isBetween(span, 'first_completed_at_ms', 'last_completed_at_ms')}`;
  const rows = `
    SELECT thread_id, invocation_id, ${SUMS_OF_RESPONSES} FROM response_rows WHERE ${isWithin}
    GROUP BY thread_id, invocation_id, provider, model, source, evidence`;
  const partial = `
    SELECT thread_id, NULL, ${SUMS_OF_RESPONSES} FROM packed_responses WHERE ${isWithin} AND pack_id IN (
      SELECT id FROM response_packs WHERE ${isTouched} AND id NOT IN (${whole}))
    GROUP BY thread_id, provider, model, source, evidence`;
  const packs = `
    SELECT thread_id, NULL, provider, model, source, evidence, responses, unpriced_responses, ${COUNTER_COLUMNS},
      cost_nano_usd, first_completed_at_ms, last_completed_at_ms
    FROM packed_sums WHERE ${condition}`;
  return `(${isAll ? `${rows} UNION ALL ${packs}` : `${rows} UNION ALL ${partial} UNION ALL ${packs} AND pack_id IN (${whole})`})`;
}

const SUMS_OF_RESPONSES = `provider, model, source, evidence, count(*) AS responses,
  sum(${lacksPrice()}) AS unpriced_responses, ${sumCounterColumns()}, sum(cost_nano_usd) AS cost_nano_usd,
  min(completed_at_ms) AS first_ms, max(completed_at_ms) AS last_ms`;

/** SQL: the columns of a `SumRow`, over rows of `threadSums` with the alias `u`. */
export const SUMS_OF_SUMS = `sum(u.responses) AS responses, sum(u.unpriced_responses) AS unpricedResponses,
  ${sumCounters('u')}, sum(u.cost_nano_usd) AS costNanoUsd`;

const TAKE = `INSERT INTO response_rows (${RESPONSE_COLUMNS}) SELECT ${RESPONSE_COLUMNS} FROM packed_responses WHERE pack_id = ?`;

const INSERT = `
  INSERT INTO response_packs (provider, thread_id, first_completed_at_ms, last_completed_at_ms, responses, turns, kinds,
    counts, recorded_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT), ?)`;

const PACKED_KEYS = `
  SELECT CAST(c.value ->> 0 AS TEXT) FROM response_packs p, json_each(p.counts) c WHERE p.thread_id = ?`;

const HOLDINGS = `
  SELECT EXISTS (SELECT 1 FROM response_rows WHERE thread_id = ?) AS rows,
    (SELECT count(*) FROM response_packs WHERE thread_id = ?) AS packs,
    (SELECT project_id FROM threads WHERE id = ?) AS projectId`;
