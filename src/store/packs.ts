import { type Between, isBetween } from './between.js';
import type { Connection } from './open.js';
import type { Pack } from './pack.js';
import { RESPONSE_COLUMNS } from './response-rows.js';

/*
 * What an import reads lies packed: the responses of a session in one row, as JSON, which SQLite itself can read
 * (`packed_responses`). Whatever changes a response that was read from history unpacks its thread first.
 */

/** Prepares the writing of packs. */
export function createPackInsert(connection: Connection): (pack: Pack, now: number) => void {
  // By place: a name for each of so many values takes as long as the row.
  const insert = connection.prepare<unknown[]>(INSERT);
  return ({ provider, threadId, firstMs, lastMs, responses, turns, kinds, counts }, now) => {
    insert.run(provider, threadId, firstMs, lastMs, responses, turns, kinds, counts, now);
  };
}

/** Of a thread: its rows and its packs. What lies in one never lies in the other. And its project, where it is known. */
export interface Holdings {
  readonly rows: 0 | 1;
  readonly packs: number;
  readonly projectId: string | null;
}

export function createHoldings(connection: Connection): (threadId: string) => Holdings {
  const find = connection.prepare<[string, string, string], Holdings>(HOLDINGS);
  return (threadId) => find.get(threadId, threadId, threadId) as Holdings;
}

/** The keys of the responses of a thread that lie packed. */
export function createPackedKeys(connection: Connection): (threadId: string) => Set<string> {
  const list = connection.prepare<[string], string>(PACKED_KEYS).pluck();
  return (threadId) => new Set(list.all(threadId));
}

/** Makes rows of the packed responses of a thread. To be used within a transaction, as are the next ones. */
export function unpackThread(connection: Connection, threadId: string): void {
  unpack(connection, 'thread_id = @threadId', { threadId });
}

/** The same for a thread and the threads that it has started. */
export function unpackSession(connection: Connection, threadId: string): void {
  unpack(connection, 'thread_id IN (SELECT @threadId UNION SELECT id FROM threads WHERE root_id = @threadId)', {
    threadId,
  });
}

/** The same for whatever may have been completed from `startMs` on and before `endMs`, and more of the same threads. */
export function unpackBetween(connection: Connection, startMs: number, endMs: number): void {
  unpack(connection, 'last_completed_at_ms >= @startMs AND first_completed_at_ms < @endMs', { startMs, endMs });
}

/** The same for what an invocation may have caused: of its thread and of those that this one started, since it began. */
export function unpackForInvocation(connection: Connection, invocationId: string): void {
  unpack(connection, `id IN (${PACKS_OF_INVOCATION})`, { invocationId });
}

export function unpackOne(connection: Connection, packId: number): void {
  unpack(connection, 'id = @packId', { packId });
}

function unpack(connection: Connection, condition: string, values: object): void {
  const packs = connection
    .prepare<[object], number>(`SELECT id FROM response_packs WHERE ${condition} ORDER BY id`)
    .pluck()
    .all(values);
  if (packs.length === 0) return;
  const take = connection.prepare<[number]>(TAKE);
  const drop = connection.prepare<[number]>('DELETE FROM response_packs WHERE id = ?');
  for (const id of packs) {
    take.run(id);
    drop.run(id);
  }
}

const PACKS_OF_INVOCATION = `
  SELECT p.id FROM invocations i JOIN threads t ON t.id = i.thread_id OR t.root_id = i.thread_id
    JOIN response_packs p ON p.thread_id = t.id
  WHERE i.id = @invocationId AND p.last_completed_at_ms >= i.started_at_ms`;

/** `responses`, as far as they were completed then: without opening packs that hold none of them. */
export function responsesBetween(span: Between): string {
  if (span.fromMs === undefined && span.untilMs === undefined) return 'responses';
  const isWithin = isBetween(span, 'completed_at_ms');
  return `(
    SELECT id, invocation_id, ${RESPONSE_COLUMNS} FROM response_rows WHERE ${isWithin}
    UNION ALL SELECT NULL, NULL, ${RESPONSE_COLUMNS} FROM packed_responses WHERE ${isWithin} AND pack_id IN (
      SELECT id FROM response_packs WHERE ${isBetween(span, 'last_completed_at_ms', 'first_completed_at_ms')}))`;
}

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
