import type { ResponseIdentity } from '../usage/response-id.js';
import type { Connection } from './open.js';
import type { EntryKind, OutboxEntry } from './outbox.js';
import {
  type FlatInvocation,
  type FlatResponse,
  INVOCATIONS,
  type JsonColumns,
  type Numbered,
  type OutboxInvocation,
  type OutboxResponse,
  parseJson,
  RESPONSE,
} from './outbox-rows.js';
import { readRows } from './sql.js';

/** The responses of an invocation, as they are known on every machine. */
export function listResponsesOf(connection: Connection, invocationId: string): ResponseIdentity[] {
  const columns = 'provider, thread_id AS threadId, response_key AS key, completed_at_ms AS completedAtMs';
  return readRows(connection, `SELECT ${columns} FROM response_rows WHERE invocation_id = ?`, [invocationId]);
}

/** An invocation with all of its responses. */
export interface WholeInvocation extends OutboxInvocation {
  readonly responses: readonly OutboxResponse[];
}

/**
 * Reads the invocations that entries are about as a whole, as they are now, all with the number `seq`. Those whose newest entry is
 * no newer than `readAt` says are left out. A response that has left an invocation has made an entry about the invocation too.
 */
export function readWholeInvocations(
  connection: Connection,
  entries: readonly OutboxEntry[],
  { seq, readAt }: { readonly seq: number; readonly readAt: ReadonlyMap<string, number> },
): WholeInvocation[] {
  const of = (kind: EntryKind) => {
    const about = entries.filter((one) => one.kind === kind && one.gone === null);
    return JSON.stringify(about.map((one): Numbered => [one.seq, one.key]));
  };
  const values = { invocations: of('invocation'), responses: of('response') };
  const concerned = readRows<{ id: string; newest: number }>(connection, CONCERNED, values);
  const list = concerned.filter(({ id, newest }) => newest > (readAt.get(id) ?? -1));
  const numbered = { entries: JSON.stringify(list.map(({ id }): Numbered => [seq, id])) };
  const responses = new Map<string | null, OutboxResponse[]>();
  for (const row of connection.prepare<[object], FlatResponse & JsonColumns>(OF_INVOCATION).iterate(numbered)) {
    const known = responses.get(row.invocationId);
    if (known) known.push(parseJson(row));
    else responses.set(row.invocationId, [parseJson(row)]);
  }
  const rows = readRows<FlatInvocation & JsonColumns>(connection, INVOCATIONS, numbered);
  return rows.map((row) => ({ ...parseJson(row), responses: responses.get(row.id) ?? [] }));
}

/** The invocations that entries are about, each with the number of the newest of them. */
const CONCERNED = `
  SELECT id, max(seq) AS newest FROM (
    SELECT e.value ->> 1 AS id, e.value ->> 0 AS seq FROM json_each(@invocations) e
    UNION ALL SELECT r.invocation_id, e.value ->> 0 FROM json_each(@responses) e
    JOIN response_rows r ON r.thread_id = e.value ->> 1 ->> 0 AND r.response_key = e.value ->> 1 ->> 1
    WHERE r.invocation_id IS NOT NULL)
  GROUP BY id`;

const OF_INVOCATION = `
  SELECT ${RESPONSE}, i.project_id AS projectId, i.id AS invocationId, i.run_id AS runId, i.phase, i.iteration,
    i.origin = 'backfilled' AS isPast, i.surroundings
  FROM json_each(@entries) e JOIN invocations i ON i.id = e.value ->> 1 JOIN response_rows r ON r.invocation_id = i.id`;
