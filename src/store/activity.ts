import type { InvocationStatus } from '../usage/record.js';
import type { Connection } from './open.js';
import { responsesBetween } from './packs.js';
import { joinInvocationAndThread, PROJECT, readRow, readRows, readValue } from './sql.js';
import { isTagged, type TagFilter } from './tags.js';

/** A run, and the state of its newest invocation. */
export interface NewestRun {
  readonly projectId: string;
  readonly runId: string;
  readonly status: InvocationStatus;
  /** When that ended, or else started. */
  readonly latestAtMs: number;
}

/** The run that is or was at work last; undefined when there is none. */
export function findNewestRun(connection: Connection, projectId: string | undefined): NewestRun | undefined {
  return readRow(connection, NEWEST_RUN, { projectId });
}

const NEWEST_RUN = `
  SELECT project_id AS projectId, run_id AS runId, coalesce(ended_at_ms, started_at_ms) AS latestAtMs, status
  FROM invocations WHERE origin <> 'backfilled' AND (@projectId IS NULL OR project_id = @projectId)
  ORDER BY started_at_ms DESC, rowid DESC LIMIT 1`;

export interface RunningProcess {
  /** Null where no process was followed. */
  readonly meterPid: number | null;
  readonly startedAtMs: number;
}

/** The processes of the invocations whose end is not recorded. */
export function listRunning(connection: Connection, projectId: string | undefined): RunningProcess[] {
  const sql = `SELECT meter_pid AS meterPid, started_at_ms AS startedAtMs FROM invocations
    WHERE status = 'running' AND (@projectId IS NULL OR project_id = @projectId)`;
  return readRows(connection, sql, { projectId });
}

/** A run, and the process of one of its invocations. */
export interface RunOfProcess {
  readonly projectId: string;
  readonly runId: string;
  readonly pid: number;
  /** When the invocation started: a later process may have the same number. */
  readonly startedAtMs: number;
}

/** The runs of invocations that have not ended and whose Codex or front is one of `pids`, the newest first. */
export function findRunsOfProcesses(connection: Connection, pids: readonly number[]): RunOfProcess[] {
  return readRows(connection, RUNS_OF_PROCESSES, { pids: JSON.stringify(pids) });
}

const RUNS_OF_PROCESSES = `
  SELECT i.project_id AS projectId, i.run_id AS runId, p.value AS pid, i.started_at_ms AS startedAtMs
  FROM invocations i JOIN json_each(@pids) p ON p.value IN (i.codex_pid, i.front_pid)
  WHERE i.status = 'running' ORDER BY i.started_at_ms DESC, i.rowid DESC`;

/** Sums up what the responses since `fromMs` cost, as far as they have a price. */
export function readCostSince(
  connection: Connection,
  fromMs: number,
  { projectId, tags }: { readonly projectId: string | undefined; readonly tags?: TagFilter | undefined },
): number {
  const sql = `SELECT sum(r.cost_nano_usd) FROM ${responsesBetween({ fromMs })} r ${joinInvocationAndThread('r')}
    WHERE (@projectId IS NULL OR ${PROJECT} = @projectId) AND (@tags IS NULL OR ${isTagged('r')})`;
  return readValue<number | null>(connection, sql, { fromMs, projectId, tags }) ?? 0;
}
