import type { Connection } from './open.js';
import { insertRow, readRows, readValue } from './sql.js';

/** A row that a target refuses for good. It is sent again when it changes, and with `push --full`. */
export interface SetAsideRow {
  readonly target: string;
  readonly kind: string;
  readonly id: string;
  readonly reason: string;
  readonly setAsideAtMs: number;
}

export function setRowAside(connection: Connection, row: Omit<SetAsideRow, 'setAsideAtMs'>): void {
  const again = 'ON CONFLICT DO UPDATE SET reason = excluded.reason, set_aside_at_ms = excluded.set_aside_at_ms';
  insertRow(connection, 'set_aside', { ...row, set_aside_at_ms: Date.now() }, again);
}

/** Takes back that rows were set aside, because the target has taken them now. */
export function takeBack(connection: Connection, target: string, ids: readonly string[]): void {
  // Mostly there is none, and no list need be made.
  if (readValue(connection, 'SELECT 1 FROM set_aside WHERE target = ? LIMIT 1', [target]) === undefined) return;
  const sql = 'DELETE FROM set_aside WHERE target = ? AND id IN (SELECT value FROM json_each(?))';
  connection.prepare(sql).run(target, JSON.stringify(ids));
}

export function listSetAside(connection: Connection): SetAsideRow[] {
  const columns = 'target, kind, id, reason, set_aside_at_ms AS setAsideAtMs';
  return readRows(connection, `SELECT ${columns} FROM set_aside ORDER BY target, set_aside_at_ms, id`);
}
