import type { Budget, BudgetLimit, Spent } from '../usage/budget.js';
import type { Phase } from '../usage/phase.js';
import type { InvocationStatus } from '../usage/record.js';
import type { Source } from '../usage/source.js';
import { sumCounters } from './counter-columns.js';
import type { Connection } from './open.js';
import type { SumRow } from './queries.js';
import { readRow, readRows } from './sql.js';
import { isTaggedInvocation, type TagFilter } from './tags.js';

export interface LiveFilter {
  readonly projectId?: string | undefined;
  readonly tags?: TagFilter | undefined;
  /** Those that ended since then (epoch milliseconds), beside those that have not ended. */
  readonly endedSinceMs: number;
  /** So many of those that ended last, however long ago. */
  readonly endedLeast: number;
}

/** An invocation with its sums, as far as a live view needs it. */
export interface LiveRow extends SumRow {
  readonly id: string;
  readonly projectId: string;
  readonly runId: string;
  readonly phase: Phase;
  readonly iteration: number;
  readonly command: string;
  readonly threadId: string | null;
  /** Null where no process was followed. */
  readonly meterPid: number | null;
  readonly codexPid: number | null;
  readonly status: InvocationStatus;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly contextTokens: number | null;
  readonly contextWindowTokens: number | null;
  /** The limits it runs under. */
  readonly limits: readonly BudgetLimit[];
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly models: readonly string[];
  /** The same models, the dearest first. */
  readonly modelsByCost: readonly string[];
  readonly sources: readonly Source[];
}

/** What runs and what ended lately, the newest first. */
export function readLive(connection: Connection, filter: LiveFilter): LiveRow[] {
  type Row = Omit<LiveRow, 'limits'> & { readonly budget: Budget | null };
  const values = { ...filter, projectId: filter.projectId ?? null, tags: filter.tags ?? null };
  const rows = readRows<Row>(connection, LIVE, values, ['models', 'modelsByCost', 'sources', 'budget']);
  return rows.map(({ budget, ...row }) => ({ ...row, limits: budget?.limits ?? [] }));
}

/** The limits that invocations of a project ran under, and when the last of them started. */
export interface LimitsRow {
  readonly projectId: string;
  readonly limits: readonly BudgetLimit[];
  readonly lastStartedAtMs: number;
}

/** Lists the limits that anything ran under since `sinceMs` (epoch milliseconds), those of the newest invocation first. */
export function readLimits(connection: Connection, projectId: string | undefined, sinceMs: number): LimitsRow[] {
  const sql = `
    SELECT project_id AS projectId, budget, max(started_at_ms) AS lastStartedAtMs FROM invocations
    WHERE budget IS NOT NULL AND (started_at_ms >= @sinceMs OR status = 'running' OR ended_at_ms >= @sinceMs)
      AND (@projectId IS NULL OR project_id = @projectId)
    GROUP BY project_id, budget ORDER BY lastStartedAtMs DESC`;
  type Row = Omit<LimitsRow, 'limits'> & { readonly budget: Budget };
  const rows = readRows<Row>(connection, sql, { sinceMs, projectId: projectId ?? null }, ['budget']);
  return rows.map(({ budget, ...row }) => ({ ...row, limits: budget.limits }));
}

/** More than a screen shows. An index finds the newest. */
const MOST_ENDED = 200;

const WANTED = `(@projectId IS NULL OR project_id = @projectId) AND (@tags IS NULL OR ${isTaggedInvocation('id')})`;

const LIVE = `
  WITH ended AS (
    SELECT id, ended_at_ms FROM invocations
    WHERE status <> 'running' AND origin <> 'backfilled' AND ${WANTED}
    ORDER BY started_at_ms DESC LIMIT ${MOST_ENDED})
  SELECT i.id, i.project_id AS projectId, i.run_id AS runId, i.phase, i.iteration, i.command, i.thread_id AS threadId,
    i.meter_pid AS meterPid, i.codex_pid AS codexPid, i.status, i.exit_code AS exitCode, i.signal,
    i.context_tokens AS contextTokens, i.context_window_tokens AS contextWindowTokens, i.budget,
    i.started_at_ms AS startedAtMs, i.ended_at_ms AS endedAtMs,
    json_group_array(DISTINCT c.model) FILTER (WHERE c.model IS NOT NULL) AS models,
    (SELECT json_group_array(model) FROM (
      SELECT model FROM cost_records WHERE invocation_id = i.id
      GROUP BY model ORDER BY sum(cost_nano_usd) DESC NULLS LAST, model)) AS modelsByCost,
    json_group_array(DISTINCT c.source) FILTER (WHERE c.source IS NOT NULL) AS sources,
    coalesce(sum(c.responses), 0) AS responses, coalesce(sum(c.unpriced_responses), 0) AS unpricedResponses,
    ${sumCounters('c', 'zero')}, sum(c.cost_nano_usd) AS costNanoUsd
  FROM invocations i LEFT JOIN cost_records c ON c.invocation_id = i.id
  WHERE i.id IN (
    SELECT id FROM invocations WHERE status = 'running' AND ${WANTED}
    UNION SELECT id FROM ended WHERE ended_at_ms >= @endedSinceMs
    UNION SELECT id FROM (SELECT id FROM ended ORDER BY ended_at_ms DESC LIMIT @endedLeast))
  GROUP BY i.id ORDER BY i.started_at_ms DESC, i.rowid DESC`;

/** What the iterations of a run used that ended last, at most `most` of them, and how many these are. */
export function readLastIterations(
  connection: Connection,
  run: Pick<LiveRow, 'projectId' | 'runId'>,
  most: number,
): Pick<Spent, 'nanoUsd' | 'tokens'> & { readonly iterations: number } {
  const sql = `
    WITH ended AS (
      SELECT iteration FROM invocations WHERE project_id = @projectId AND run_id = @runId
      GROUP BY iteration HAVING sum(status = 'running') = 0 ORDER BY iteration DESC LIMIT @most)
    SELECT count(DISTINCT e.iteration) AS iterations, coalesce(sum(c.cost_nano_usd), 0) AS nanoUsd,
      coalesce(sum(c.input_tokens + c.output_tokens), 0) AS tokens
    FROM ended e LEFT JOIN cost_records c
      ON c.project_id = @projectId AND c.run_id = @runId AND c.iteration = e.iteration`;
  return readRow(connection, sql, { ...run, most }) ?? { iterations: 0, nanoUsd: 0, tokens: 0 };
}
