import type { Phase } from '../usage/phase.js';
import type { InvocationStatus } from '../usage/record.js';
import type { Source } from '../usage/source.js';
import { sumUsage } from '../usage/usage.js';
import { sumCounters } from './counter-columns.js';
import type { Connection } from './open.js';
import { type Scope, type SessionScope, type SumRow, within } from './queries.js';
import { conditionsOf, readColumn, readRows, readValue } from './sql.js';
import { isTaggedInvocation, isTaggedSession, type TagFilter } from './tags.js';
import { readUnmeteredModels, readUnmeteredThreads } from './unmetered.js';

/** `id` is a whole run or thread id, `prefix` how one begins. */
export interface ScopeFilter {
  readonly id?: string | undefined;
  readonly prefix?: string | undefined;
  readonly projectId?: string | undefined;
  /** Those that have an invocation or a thread with these tags. The sums are of that alone. */
  readonly tags?: TagFilter | undefined;
  readonly limit: number;
}

/** What is known of a run or session without its details. Sums are of its cost records. */
export interface SummaryRow extends SumRow {
  /** A session can be resumed in another project; a run has one. */
  readonly projectIds: readonly string[];
  readonly startedAtMs: number;
  /** When its newest invocation started, or its newest thread that was read from history. */
  readonly latestAtMs: number;
  /** Null while an invocation of it has not ended. */
  readonly endedAtMs: number | null;
  readonly statuses: readonly InvocationStatus[];
  readonly models: readonly string[];
  /** The same models, the dearest first. */
  readonly modelsByCost: readonly string[];
  readonly sources: readonly Source[];
  /** The runs and the phases of its invocations. */
  readonly runIds: readonly string[];
  readonly phases: readonly Phase[];
}

interface ModelCost {
  readonly model: string;
  readonly costNanoUsd: number | null;
}

/** The runs or sessions that `filter` lets through, newest first: by their newest invocation or thread. */
export function findScopes(connection: Connection, kind: Scope['kind'], filter: ScopeFilter): Scope[] {
  const { id, columns, key, table, ordinal, isTagged } = kind === 'run' ? RUNS : SESSIONS;
  const conditions = conditionsOf(filter, {
    id: `${id} = @id`,
    prefix: beginsWith(id),
    projectId: 'project_id = @projectId',
    tags: isTagged,
  });
  const sql = `SELECT ${columns} FROM ${table} WHERE ${id} IS NOT NULL AND ${conditions}
    GROUP BY ${key} ORDER BY max(started_at_ms) DESC, max(${ordinal}) DESC LIMIT @limit`;
  const { tags } = filter;
  const rows = readRows<Omit<Scope, 'kind'>>(connection, sql, filter);
  return rows.map((row) => ({ kind, ...row, ...(tags !== undefined && { tags }) }) as Scope);
}

const RUNS = {
  id: 'run_id',
  columns: 'project_id AS projectId, run_id AS runId',
  key: 'project_id, run_id',
  table: 'invocations',
  ordinal: 'rowid',
  isTagged: isTaggedInvocation('id'),
};

// A session is known by its invocations, or by the threads of its files that have responses.
const SESSIONS: typeof RUNS = {
  id: 'thread_id',
  columns: 'thread_id AS threadId',
  key: 'thread_id',
  table: `(
    SELECT thread_id, project_id, started_at_ms, rowid AS ordinal, id AS invocation_id, NULL AS own_id FROM invocations
    UNION ALL SELECT root_id, project_id, started_at_ms, 0, NULL, id FROM threads t
    WHERE EXISTS (SELECT 1 FROM response_rows r WHERE r.thread_id = t.id)
      OR EXISTS (SELECT 1 FROM response_packs p WHERE p.thread_id = t.id))`,
  ordinal: 'ordinal',
  isTagged: isTaggedSession('invocation_id', 'own_id'),
};

export function readSummary(connection: Connection, scope: Scope): SummaryRow {
  const metered = readMetered(connection, scope);
  const costs = readModelCosts(connection, scope);
  const summary = { ...metered, modelsByCost: sortByCost(costs) };
  return scope.kind === 'run' ? summary : addUnmetered(connection, scope, summary, costs);
}

/** Adds the responses of the session that no invocation has. */
function addUnmetered(
  connection: Connection,
  session: SessionScope,
  metered: SummaryRow,
  meteredCosts: readonly ModelCost[],
): SummaryRow {
  const threads = readUnmeteredThreads(connection, session);
  if (threads.length === 0) return metered;
  const unmetered = readUnmeteredModels(connection, session);
  const parts = [metered, ...unmetered];
  const sum = (key: 'responses' | 'unpricedResponses') => parts.reduce((total, part) => total + part[key], 0);
  const costs = parts.flatMap(({ costNanoUsd }) => costNanoUsd ?? []);
  const starts = threads.map(({ startedAtMs }) => startedAtMs);
  const isRunning = metered.statuses.length > 0 && metered.endedAtMs === null;
  return {
    ...metered,
    projectIds: [...new Set([...metered.projectIds, ...threads.map(({ projectId }) => projectId)])],
    models: [...new Set(parts.flatMap((part) => ('models' in part ? part.models : part.model)))],
    sources: [...new Set(parts.flatMap((part) => ('sources' in part ? part.sources : part.source)))],
    modelsByCost: sortByCost([...meteredCosts, ...unmetered]),
    startedAtMs: Math.min(metered.startedAtMs ?? Number.POSITIVE_INFINITY, ...starts),
    latestAtMs: Math.max(metered.latestAtMs ?? 0, ...starts),
    endedAtMs: isRunning ? null : Math.max(metered.endedAtMs ?? 0, ...threads.map(({ lastAtMs }) => lastAtMs)),
    responses: sum('responses'),
    unpricedResponses: sum('unpricedResponses'),
    ...sumUsage(parts),
    costNanoUsd: costs.length === 0 ? null : costs.reduce((total, cost) => total + cost, 0),
  };
}

/** The cost of each model of the scope's invocations. */
function readModelCosts(connection: Connection, scope: Scope): ModelCost[] {
  const sql = `SELECT c.model, sum(c.cost_nano_usd) AS costNanoUsd
    FROM invocations i JOIN cost_records c ON c.invocation_id = i.id WHERE ${within(scope)}
    GROUP BY c.model ORDER BY c.model`;
  return readRows(connection, sql, scope);
}

function sortByCost(costs: readonly ModelCost[]): string[] {
  const sums = new Map<string, number>();
  // A model without a price comes last.
  for (const { model, costNanoUsd } of costs) sums.set(model, (sums.get(model) ?? -1) + (costNanoUsd ?? 0));
  return [...sums].sort(([, a], [, b]) => b - a).map(([model]) => model);
}

/** Times are null when there is no invocation. */
function readMetered(connection: Connection, scope: Scope): Omit<SummaryRow, 'modelsByCost'> {
  const spent = `
    SELECT json_group_array(DISTINCT c.model) AS models, json_group_array(DISTINCT c.source) AS sources,
      coalesce(sum(c.responses), 0) AS responses, coalesce(sum(c.unpriced_responses), 0) AS unpricedResponses,
      ${sumCounters('c', 'zero')}, sum(c.cost_nano_usd) AS costNanoUsd
    FROM invocations i JOIN cost_records c ON c.invocation_id = i.id WHERE ${within(scope)}`;
  const ran = `
    SELECT json_group_array(DISTINCT i.project_id) AS projectIds, json_group_array(i.status) AS statuses,
      json_group_array(DISTINCT i.run_id) AS runIds, json_group_array(DISTINCT i.phase) AS phases,
      min(i.started_at_ms) AS startedAtMs, max(i.started_at_ms) AS latestAtMs,
      iif(count(*) = count(i.ended_at_ms), max(i.ended_at_ms), NULL) AS endedAtMs
    FROM invocations i WHERE ${within(scope)}`;
  const [sums] = readRows<SummaryRow>(connection, spent, scope, ['models', 'sources']);
  const [facts] = readRows<SummaryRow>(connection, ran, scope, ['projectIds', 'statuses', 'runIds', 'phases']);
  return { ...sums, ...facts } as SummaryRow;
}

/** The projects that anything was metered or read from history for, newest first. */
export function findProjects(connection: Connection): string[] {
  const sql = `SELECT project_id FROM (${STARTS}) GROUP BY project_id ORDER BY max(started_at_ms) DESC`;
  return readColumn(connection, sql);
}

/** Where the reader stands. */
export interface Place {
  readonly directory: string;
  /** `directory` and a separator, when what lies in its folders belongs to it too. */
  readonly below: string | undefined;
  /** The project that it would be called. */
  readonly projectId: string;
}

/** The project of the newest invocation or session that was started at `place`, or was given its name. */
export function findProjectAt(connection: Connection, place: Place): string | undefined {
  const sql = `SELECT project_id FROM (${STARTS})
    WHERE cwd = @directory OR substr(cwd, 1, length(@below)) = @below OR project_id = @projectId
    ORDER BY started_at_ms DESC LIMIT 1`;
  return readValue(connection, sql, place);
}

const STARTS = `SELECT project_id, cwd, started_at_ms FROM invocations
  UNION ALL SELECT project_id, cwd, started_at_ms FROM threads`;

/** The sessions in which a child thread ran whose id is, or begins with, `prefix`. */
export function findSessionsOfChild(connection: Connection, prefix: string): Scope[] {
  const sql = `SELECT DISTINCT i.thread_id FROM response_rows r JOIN invocations i ON i.id = r.invocation_id
    WHERE ${beginsWith('r.thread_id')} AND i.thread_id IS NOT NULL AND r.thread_id <> i.thread_id
    UNION SELECT t.root_id FROM threads t WHERE ${beginsWith('t.id')} AND t.root_id <> t.id`;
  const threadIds = readColumn<string>(connection, sql, { prefix });
  return threadIds.map((threadId) => ({ kind: 'session', threadId }));
}

// A range, so that an index can serve it; LIKE would take the id's own % and _ for wildcards.
function beginsWith(column: string): string {
  return `${column} >= @prefix AND ${column} < @prefix || char(0x10FFFF)`;
}
