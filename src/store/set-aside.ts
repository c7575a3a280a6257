import type { Connection } from './open.js';

/** A row that a target refuses for good. It is sent again when it changes, and with `push --full`. */
export interface SetAsideRow {
  readonly target: string;
  readonly kind: string;
  readonly id: string;
  readonly reason: string;
  readonly setAsideAtMs: number;
}

export function setRowAside(connection: Connection, row: Omit<SetAsideRow, 'setAsideAtMs'>): void {
  connection
    .prepare(
      'INSERT OR REPLACE INTO set_aside (target, kind, id, reason, set_aside_at_ms) VALUES (@target, @kind, @id, @reason, @now)',
    )
    .run({ ...row, now: Date.now() });
}

/** Takes back that rows were set aside, because the target has taken them now. */
export function takeBack(connection: Connection, target: string, ids: readonly string[]): void {
  const isAny = connection.prepare('SELECT 1 FROM set_aside WHERE target = ? LIMIT 1').get(target) !== undefined;
  if (!isAny) return;
  connection
    .prepare('DELETE FROM set_aside WHERE target = ? AND id IN (SELECT value FROM json_each(?))')
    .run(target, JSON.stringify(ids));
}

export function listSetAside(connection: Connection): SetAsideRow[] {
  return connection
    .prepare<[], SetAsideRow>(
      'SELECT target, kind, id, reason, set_aside_at_ms AS setAsideAtMs FROM set_aside ORDER BY target, set_aside_at_ms, id',
    )
    .all();
}
