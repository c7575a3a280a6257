import { withTarget } from './mirror-target.js';
import type { Connection } from './open.js';
import { insertRow, readColumn, readRow, readRows, readValue } from './sql.js';
import type { Store } from './store.js';

/** What another program's table has of an invocation, or is about to have. */
export interface Mirrored {
  readonly invocationId: string;
  readonly projectId: string;
  readonly runId: string | null;
  /** `undone`: it was taken out again, and is not to be written any more. */
  readonly state: 'written' | 'undone';
  /** The row of that program's own that ours has replaced; null where it has replaced none. */
  readonly estimateId: string | null;
  /** That row: JSON, a value of SQL by column. */
  readonly estimate: string | null;
}

const SELECT = `SELECT invocation_id AS invocationId, project_id AS projectId, run_id AS runId, state,
  estimate_id AS estimateId, estimate FROM mirrored m WHERE target = ?`;

export function readMirrored(connection: Connection, target: string, invocationId: string): Mirrored | undefined {
  return readRow(connection, `${SELECT} AND invocation_id = ?`, [target, invocationId]);
}

/** Records what `target` has, where that is another than before. */
export function writeMirrored(connection: Connection, target: string, now: Mirrored) {
  const before = readMirrored(connection, target, now.invocationId);
  const fields = ['projectId', 'runId', 'state', 'estimateId', 'estimate'] as const;
  if (before && fields.every((field) => before[field] === now[field])) return;
  const row = {
    ...{ target, invocation_id: now.invocationId, project_id: now.projectId, run_id: now.runId, state: now.state },
    ...{ estimate_id: now.estimateId, estimate: now.estimate, changed_at_ms: Date.now() },
  };
  const changes = Object.keys(row)
    .slice(2)
    .map((column) => `${column} = excluded.${column}`);
  insertRow(connection, 'mirrored', row, `ON CONFLICT DO UPDATE SET ${changes.join(', ')}`);
}

/** The databases that have something, or had. */
export function listTargets(connection: Connection): string[] {
  return readColumn(connection, 'SELECT DISTINCT target FROM mirrored ORDER BY target');
}

/** The rows of `target` that ours have replaced. */
export function listWithEstimate(connection: Connection, target: string): { estimateId: string; estimate: string }[] {
  const sql = `${SELECT} AND estimate_id IS NOT NULL AND estimate IS NOT NULL ORDER BY changed_at_ms`;
  return readRows(connection, sql, [target]);
}

/** Marks all that `target` has as taken out, or as to be written again. Returns the invocations that were not so. */
export function markAll(connection: Connection, target: string, state: Mirrored['state']): string[] {
  const sql =
    'UPDATE mirrored SET state = ?, changed_at_ms = ? WHERE target = ? AND state <> ? RETURNING invocation_id';
  return readColumn(connection, sql, [state, Date.now(), target, state]);
}

export function markSome(
  connection: Connection,
  target: string,
  state: Mirrored['state'],
  ids: readonly string[],
): void {
  const sql = `UPDATE mirrored SET state = ?, changed_at_ms = ?
    WHERE target = ? AND invocation_id IN (SELECT value FROM json_each(?))`;
  connection.prepare(sql).run(state, Date.now(), target, JSON.stringify(ids));
}

/** What was written a moment ago may be on its way there. */
const SETTLED_MS = 60_000;

/**
 * The invocations that the database at `path` had and has no more, because it was restored from a backup or made anew: from
 * the newest one back to the first that is there as it was left. One of a project that it does not have any more is not
 * missed. Throws where it cannot be read.
 */
export function findLost(store: Store, path: string): string[] {
  return withTarget(path, 'read', ({ connection, key, projects }) => {
    const lost: string[] = [];
    const written = store.connection.prepare<[string, number], Mirrored>(WRITTEN).iterate(key, Date.now() - SETTLED_MS);
    for (const { invocationId, projectId, estimateId } of written) {
      const has = (sql: string, ...values: unknown[]) => readValue(connection, sql, values) !== undefined;
      if (projects.has('id') && !has('SELECT 1 FROM projects WHERE id = ?', projectId)) continue;
      const isBack = has('SELECT 1 FROM cost_records WHERE id = ? AND is_actual = 0', estimateId);
      if (!isBack && has(HAS_ROW, `${invocationId}/`, `${invocationId}/`)) break;
      lost.push(invocationId);
    }
    return lost;
  });
}

const HAS_ROW = 'SELECT 1 FROM cost_records WHERE id >= ? AND id < ? || char(0x10FFFF) LIMIT 1';

// An invocation without cost records has none there.
const WRITTEN = `${SELECT} AND state = 'written' AND changed_at_ms <= ?
  AND EXISTS (SELECT 1 FROM cost_records c WHERE c.invocation_id = m.invocation_id)
  ORDER BY changed_at_ms DESC, invocation_id DESC`;
