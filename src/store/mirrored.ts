import type { Connection } from './open.js';

/** What stands of an invocation in another program's table, or is about to. */
export interface Mirrored {
  readonly projectId: string;
  readonly runId: string | null;
  /** `undone`: it was taken out again, and is not to be written any more. */
  readonly state: 'written' | 'undone';
  /** The row of that program's own that it took the place of; null where it took none. */
  readonly estimateId: string | null;
  /** What stood there: JSON, a value of SQL by column. */
  readonly estimate: string | null;
}

export interface MirroredInvocation extends Mirrored {
  readonly invocationId: string;
}

const COLUMNS = `invocation_id AS invocationId, project_id AS projectId, run_id AS runId, state, estimate_id AS estimateId,
  estimate`;

export function readMirrored(
  connection: Connection,
  target: string,
  invocationId: string,
): MirroredInvocation | undefined {
  return connection
    .prepare<[string, string], MirroredInvocation>(
      `SELECT ${COLUMNS} FROM mirrored WHERE target = ? AND invocation_id = ?`,
    )
    .get(target, invocationId);
}

/** What stands in `target` and was written by `untilMs`, the newest first. It has records of its own to be there for. */
export function listMirrored(
  connection: Connection,
  target: string,
  untilMs: number,
): IterableIterator<MirroredInvocation> {
  return connection
    .prepare<[string, number], MirroredInvocation>(
      `SELECT ${COLUMNS} FROM mirrored m WHERE target = ? AND state = 'written' AND changed_at_ms <= ?
         AND EXISTS (SELECT 1 FROM cost_records c WHERE c.invocation_id = m.invocation_id)
       ORDER BY changed_at_ms DESC, invocation_id DESC`,
    )
    .iterate(target, untilMs);
}

/** Keeps what stands in `target`, where that is another than it was. */
export function writeMirrored(connection: Connection, target: string, { invocationId, ...now }: MirroredInvocation) {
  const before = readMirrored(connection, target, invocationId);
  const columns = ['projectId', 'runId', 'state', 'estimateId', 'estimate'] as const;
  if (before && columns.every((column) => before[column] === now[column])) return;
  connection
    .prepare(
      `INSERT INTO mirrored (target, invocation_id, project_id, run_id, state, estimate_id, estimate, changed_at_ms)
       VALUES (@target, @invocationId, @projectId, @runId, @state, @estimateId, @estimate, @changedAtMs)
       ON CONFLICT DO UPDATE SET project_id = @projectId, run_id = @runId, state = @state, estimate_id = @estimateId,
         estimate = @estimate, changed_at_ms = @changedAtMs`,
    )
    .run({ ...now, target, invocationId, changedAtMs: Date.now() });
}

/** The databases in which something stands, or did. */
export function listTargets(connection: Connection): string[] {
  return connection.prepare<[], string>('SELECT DISTINCT target FROM mirrored ORDER BY target').pluck().all();
}

/** What stood in the place of ours in `target`. */
export function listWithEstimate(connection: Connection, target: string): { estimateId: string; estimate: string }[] {
  return connection
    .prepare<[string], { estimateId: string; estimate: string }>(
      `SELECT estimate_id AS estimateId, estimate FROM mirrored
       WHERE target = ? AND estimate_id IS NOT NULL AND estimate IS NOT NULL ORDER BY changed_at_ms`,
    )
    .all(target);
}

/** Marks all that stands in `target` as taken out, or as to be written again. Returns the invocations that were not so. */
export function markAll(connection: Connection, target: string, state: Mirrored['state']): string[] {
  return connection
    .prepare<[string, number, string, string], string>(
      'UPDATE mirrored SET state = ?, changed_at_ms = ? WHERE target = ? AND state <> ? RETURNING invocation_id',
    )
    .pluck()
    .all(state, Date.now(), target, state);
}

export function markSome(
  connection: Connection,
  target: string,
  state: Mirrored['state'],
  ids: readonly string[],
): void {
  connection
    .prepare(
      `UPDATE mirrored SET state = ?, changed_at_ms = ?
       WHERE target = ? AND invocation_id IN (SELECT value FROM json_each(?))`,
    )
    .run(state, Date.now(), target, JSON.stringify(ids));
}
