import type { Invocation, InvocationStatus, InvocationUpdate, ThreadKnownBy } from '../usage/record.js';
import type { Connection } from './open.js';
import { insertInvocationTags } from './tags.js';

/** Inserts the invocation unless it is there, and returns its iteration: the one it came with, or the next free one. */
export function insertInvocation(connection: Connection, invocation: Invocation | Pick<Invocation, 'id'>): number {
  const known = connection
    .prepare<[string], { iteration: number }>('SELECT iteration FROM invocations WHERE id = ?')
    .get(invocation.id);
  if (known) return known.iteration;
  if (!('attribution' in invocation)) throw new Error(`invocation ${invocation.id} is not recorded`);
  const { attribution } = invocation;
  const iteration = attribution.iteration ?? nextIteration(connection, invocation);
  connection
    .prepare(
      `INSERT INTO invocations (id, origin, project_id, run_id, phase, iteration, attribution, command, cwd, work_tree,
         repository, output_path, codex_home, codex_path, front_pid, meter_pid, codex_pid, status, started_at_ms, surroundings)
       VALUES (@id, @origin, @projectId, @runId, @phase, @iteration, @origins, @command, @cwd, @workTree,
         @repository, @outputPath, @codexHome, @codexPath, @frontPid, @meterPid, @codexPid, 'running', @startedAtMs, @surroundings)`,
    )
    .run({
      id: invocation.id,
      origin: invocation.origin ?? 'metered',
      projectId: attribution.projectId,
      runId: attribution.runId,
      phase: attribution.phase,
      iteration,
      origins: JSON.stringify(attribution.origins),
      command: invocation.command,
      cwd: invocation.cwd,
      workTree: invocation.workTree?.root ?? null,
      repository: invocation.workTree?.repository ?? null,
      outputPath: invocation.outputPath ?? null,
      codexHome: invocation.codexHome ?? null,
      codexPath: invocation.codexPath ?? null,
      frontPid: invocation.frontPid ?? null,
      meterPid: invocation.meterPid ?? null,
      codexPid: invocation.codexPid ?? null,
      startedAtMs: invocation.startedAtMs,
      surroundings: invocation.surroundings ? JSON.stringify(invocation.surroundings) : null,
    });
  insertInvocationTags(connection, invocation.id, invocation.tags ?? []);
  return iteration;
}

/** Sets what `update` says; what it leaves undefined stays. */
export function updateInvocation(connection: Connection, id: string, update: InvocationUpdate): void {
  connection
    .prepare(
      `UPDATE invocations SET
         thread_id = coalesce(@threadId, thread_id), thread_known_by = coalesce(@threadKnownBy, thread_known_by),
         codex_version = coalesce(@codexVersion, codex_version),
         context_tokens = coalesce(@contextTokens, context_tokens),
         context_window_tokens = coalesce(@contextWindowTokens, context_window_tokens),
         status = coalesce(@status, status), exit_code = coalesce(@exitCode, exit_code),
         signal = coalesce(@signal, signal), ended_at_ms = coalesce(@endedAtMs, ended_at_ms),
         budget = coalesce(@budget, budget)
       WHERE id = @id`,
    )
    .run({
      id,
      threadId: update.threadId ?? null,
      threadKnownBy: update.threadKnownBy ?? null,
      codexVersion: update.codexVersion ?? null,
      contextTokens: update.contextTokens ?? null,
      contextWindowTokens: update.contextWindowTokens ?? null,
      status: update.status ?? null,
      exitCode: update.exitCode ?? null,
      signal: update.signal ?? null,
      endedAtMs: update.endedAtMs ?? null,
      budget: update.budget === undefined ? null : JSON.stringify(update.budget),
    });
}

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
  return connection
    .prepare<[], OpenInvocation>(
      `SELECT id, thread_id AS threadId, codex_home AS codexHome, cwd, meter_pid AS meterPid, codex_pid AS codexPid,
         started_at_ms AS startedAtMs
       FROM invocations WHERE status = 'running' AND origin = 'metered'`,
    )
    .all();
}

export function readStatus(connection: Connection, id: string): InvocationStatus | undefined {
  return connection.prepare<[string], InvocationStatus>('SELECT status FROM invocations WHERE id = ?').pluck().get(id);
}

export function readThreadKnownBy(connection: Connection, id: string): ThreadKnownBy | null | undefined {
  return connection
    .prepare<[string], ThreadKnownBy | null>('SELECT thread_known_by FROM invocations WHERE id = ?')
    .pluck()
    .get(id);
}

/** Whether an invocation was metered as it ran, so that there is nothing to backfill. */
export function wasMetered(
  connection: Connection,
  run: { projectId: string; runId: string; phase: string; iteration: number; threadId: string | undefined },
): boolean {
  return (
    connection
      .prepare<object>(
        `SELECT 1 FROM invocations WHERE origin <> 'backfilled' AND run_id = @runId AND phase = @phase
         AND iteration = @iteration AND (project_id = @projectId OR thread_id = @threadId)`,
      )
      .get({ ...run, threadId: run.threadId ?? null }) !== undefined
  );
}

function nextIteration(connection: Connection, { attribution }: Invocation): number {
  const row = connection
    .prepare<[string, string, string], { next: number }>(
      `SELECT coalesce(max(iteration), 0) + 1 AS next FROM invocations
       WHERE project_id = ? AND run_id = ? AND phase = ?`,
    )
    .get(attribution.projectId, attribution.runId, attribution.phase);
  return row?.next ?? 1;
}
