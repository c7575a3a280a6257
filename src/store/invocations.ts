import type { Invocation, InvocationStatus, InvocationUpdate, Note, ThreadKnownBy } from '../usage/record.js';
import type { Connection } from './open.js';
import { insertRow, readRows, readValue } from './sql.js';
import { insertInvocationTags } from './tags.js';

/** Inserts the invocation unless it is there, and returns its iteration: the one it came with, or the next free one. */
export function insertInvocation(connection: Connection, invocation: Invocation | Pick<Invocation, 'id'>): number {
  const { id } = invocation;
  const known = readValue<number>(connection, 'SELECT iteration FROM invocations WHERE id = ?', [id]);
  if (known !== undefined) return known;
  if (!('attribution' in invocation)) throw new Error(`invocation ${id} is not recorded`);
  const { attribution, workTree, surroundings } = invocation;
  const { projectId, runId, phase } = attribution;
  const iteration =
    attribution.iteration ?? readValue<number>(connection, NEXT_ITERATION, [projectId, runId, phase]) ?? 1;
  insertRow(connection, 'invocations', {
    ...{ id, origin: invocation.origin ?? 'metered', project_id: projectId, run_id: runId, phase, iteration },
    ...{ attribution: JSON.stringify(attribution.origins), command: invocation.command, cwd: invocation.cwd },
    ...{ work_tree: workTree?.root, repository: workTree?.repository, output_path: invocation.outputPath },
    ...{ codex_home: invocation.codexHome, codex_path: invocation.codexPath },
    ...{ front_pid: invocation.frontPid, meter_pid: invocation.meterPid, codex_pid: invocation.codexPid },
    ...{ status: 'running', started_at_ms: invocation.startedAtMs },
    surroundings: surroundings && JSON.stringify(surroundings),
  });
  insertInvocationTags(connection, id, invocation.tags ?? []);
  return iteration;
}

const NEXT_ITERATION = `
  SELECT coalesce(max(iteration), 0) + 1 FROM invocations WHERE project_id = ? AND run_id = ? AND phase = ?`;

/** Sets what `update` says; what it leaves undefined stays. */
export function updateInvocation(connection: Connection, id: string, { budget, ...update }: InvocationUpdate): void {
  const values: InvocationValues = { ...update, budget: budget && JSON.stringify(budget) };
  const known = Object.keys(UPDATED).filter((name) => values[name as keyof InvocationUpdate] !== undefined);
  if (known.length === 0) return;
  const changes = known.map((name) => `${UPDATED[name as keyof InvocationUpdate]} = @${name}`);
  connection.prepare(`UPDATE invocations SET ${changes.join(', ')} WHERE id = @id`).run({ ...values, id });
}

type InvocationValues = Readonly<Partial<Record<keyof InvocationUpdate, unknown>>>;

const UPDATED: Readonly<Record<keyof InvocationUpdate, string>> = {
  ...{ threadId: 'thread_id', threadKnownBy: 'thread_known_by', codexVersion: 'codex_version', status: 'status' },
  ...{ contextTokens: 'context_tokens', contextWindowTokens: 'context_window_tokens', budget: 'budget' },
  ...{ exitCode: 'exit_code', signal: 'signal', endedAtMs: 'ended_at_ms' },
};

/** What a note begins with that says why an invocation without an end cannot be settled. */
export const CANNOT_BE_SETTLED = 'the run cannot be settled';

/** An invocation that has not been ended, as far as settling it needs. */
export interface OpenInvocation {
  readonly id: string;
  readonly threadId: string | null;
  readonly codexHome: string | null;
  readonly cwd: string;
  readonly meterPid: number | null;
  readonly codexPid: number | null;
  readonly startedAtMs: number;
}

export function listOpenInvocations(connection: Connection): OpenInvocation[] {
  const sql = `
    SELECT id, thread_id AS threadId, codex_home AS codexHome, cwd, meter_pid AS meterPid, codex_pid AS codexPid,
      started_at_ms AS startedAtMs
    FROM invocations WHERE status = 'running' AND origin = 'metered'`;
  return readRows(connection, sql);
}

export function readStatus(connection: Connection, id: string): InvocationStatus | undefined {
  return readValue(connection, 'SELECT status FROM invocations WHERE id = ?', [id]);
}

export function readThreadKnownBy(connection: Connection, id: string): ThreadKnownBy | null | undefined {
  return readValue(connection, 'SELECT thread_known_by FROM invocations WHERE id = ?', [id]);
}

/** Whether an invocation was metered as it ran, so that there is nothing to backfill. */
export function wasMetered(
  connection: Connection,
  run: { projectId: string; runId: string; phase: string; iteration: number; threadId: string | undefined },
): boolean {
  const sql = `SELECT 1 FROM invocations WHERE origin <> 'backfilled' AND run_id = @runId AND phase = @phase
    AND iteration = @iteration AND (project_id = @projectId OR thread_id = @threadId)`;
  return readValue(connection, sql, run) !== undefined;
}

/** Records a note of an invocation. The same note is recorded once, however often its change is applied. */
export function insertNote(connection: Connection, invocationId: string, { kind, reason, figures }: Note): void {
  const sql = `
    INSERT INTO notes (invocation_id, kind, reason, figures, noted_at_ms)
    SELECT @invocationId, @kind, @reason, @figures, @now
    WHERE NOT EXISTS (SELECT 1 FROM notes WHERE invocation_id = @invocationId
      AND kind = @kind AND reason = @reason AND figures = @figures)`;
  connection.prepare(sql).run({ invocationId, kind, reason, figures: JSON.stringify(figures), now: Date.now() });
}
