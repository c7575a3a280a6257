import type { Phase } from '../usage/phase.js';
import type { InvocationStatus } from '../usage/record.js';
import type { Source } from '../usage/source.js';
import { sumUsage } from '../usage/usage.js';
import { sumCounters } from './counter-columns.js';
import type { Connection } from './open.js';
import { type Scope, type SessionScope, type SumRow, within } from './queries.js';
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
  const key = kind === 'run' ? 'run_id' : 'thread_id';
  const columns = kind === 'run' ? 'project_id AS projectId, run_id AS runId' : 'thread_id AS threadId';
  const conditions = [
    `${key} IS NOT NULL`,
    ...(filter.id === undefined ? [] : [`${key} = @id`]),
    ...(filter.prefix === undefined ? [] : [beginsWith(key)]),
    ...(filter.projectId === undefined ? [] : ['project_id = @projectId']),
    ...(filter.tags === undefined
      ? []
      : [kind === 'run' ? isTaggedInvocation('id') : isTaggedSession('invocation_id', 'own_id')]),
  ];
  const rows = connection
    .prepare<[ScopeFilter], Omit<Scope, 'kind'>>(
      `SELECT ${columns} FROM ${kind === 'run' ? 'invocations' : SESSIONS} WHERE ${conditions.join(' AND ')}
       GROUP BY ${kind === 'run' ? 'project_id, run_id' : 'thread_id'}
       ORDER BY max(started_at_ms) DESC, max(${kind === 'run' ? 'rowid' : 'place'}) DESC LIMIT @limit`,
    )
    .all(filter);
  const { tags } = filter;
  return rows.map((row) => ({ kind, ...row, ...(tags !== undefined && { tags }) }) as Scope);
}

// A session is known by its invocations, or by the threads of its files that have responses.
const SESSIONS = `(
  SELECT thread_id, project_id, started_at_ms, rowid AS place, id AS invocation_id, NULL AS own_id FROM invocations
  UNION ALL SELECT root_id, project_id, started_at_ms, 0, NULL, id FROM threads t
  WHERE EXISTS (SELECT 1 FROM response_rows r WHERE r.thread_id = t.id)
    OR EXISTS (SELECT 1 FROM response_packs p WHERE p.thread_id = t.id))`;

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
    projectIds: [...new Set([...metered.projectIds, ...threads.map(({ projectId }) => projectId)])],
    models: [...new Set(parts.flatMap((part) => ('models' in part ? part.models : part.model)))],
    sources: [...new Set(parts.flatMap((part) => ('sources' in part ? part.sources : part.source)))],
    modelsByCost: sortByCost([...meteredCosts, ...unmetered]),
    statuses: metered.statuses,
    runIds: metered.runIds,
    phases: metered.phases,
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
  return connection
    .prepare<[Scope], ModelCost>(
      `SELECT c.model, sum(c.cost_nano_usd) AS costNanoUsd
       FROM invocations i JOIN cost_records c ON c.invocation_id = i.id WHERE ${within(scope)}
       GROUP BY c.model ORDER BY c.model`,
    )
    .all(scope);
}

function sortByCost(costs: readonly ModelCost[]): string[] {
  const sums = new Map<string, number>();
  // A model without a price comes last.
  for (const { model, costNanoUsd } of costs) sums.set(model, (sums.get(model) ?? -1) + (costNanoUsd ?? 0));
  return [...sums].sort(([, a], [, b]) => b - a).map(([model]) => model);
}

/** Times are null when there is no invocation. */
function readMetered(connection: Connection, scope: Scope): Omit<SummaryRow, 'modelsByCost'> {
  const spent = connection
    .prepare<[Scope], SumRow & { models: string; sources: string }>(
      `SELECT json_group_array(DISTINCT c.model) AS models, json_group_array(DISTINCT c.source) AS sources,
         coalesce(sum(c.responses), 0) AS responses, coalesce(sum(c.unpriced_responses), 0) AS unpricedResponses,
         ${sumCounters('c', 'zero')}, sum(c.cost_nano_usd) AS costNanoUsd
       FROM invocations i JOIN cost_records c ON c.invocation_id = i.id WHERE ${within(scope)}`,
    )
    .get(scope);
  const ran = connection
    .prepare<[Scope], SummaryRow & { projectIds: string; statuses: string; runIds: string; phases: string }>(
      `SELECT json_group_array(DISTINCT i.project_id) AS projectIds, json_group_array(i.status) AS statuses,
         json_group_array(DISTINCT i.run_id) AS runIds, json_group_array(DISTINCT i.phase) AS phases,
         min(i.started_at_ms) AS startedAtMs, max(i.started_at_ms) AS latestAtMs,
         iif(count(*) = count(i.ended_at_ms), max(i.ended_at_ms), NULL) AS endedAtMs
       FROM invocations i WHERE ${within(scope)}`,
    )
    .get(scope);
  if (!spent || !ran) throw new TypeError('An aggregate gives a row, always.');
  return {
    ...spent,
    startedAtMs: ran.startedAtMs,
    latestAtMs: ran.latestAtMs,
    endedAtMs: ran.endedAtMs,
    projectIds: JSON.parse(ran.projectIds),
    statuses: JSON.parse(ran.statuses),
    runIds: JSON.parse(ran.runIds),
    phases: JSON.parse(ran.phases),
    models: JSON.parse(spent.models),
    sources: JSON.parse(spent.sources),
  };
}

/** The projects that anything was metered or read from history for, newest first. */
export function findProjects(connection: Connection): string[] {
  return connection
    .prepare<[], string>(`SELECT project_id FROM (
         SELECT project_id, started_at_ms FROM invocations UNION ALL SELECT project_id, started_at_ms FROM threads)
       GROUP BY project_id ORDER BY max(started_at_ms) DESC`)
    .pluck()
    .all();
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
export function findProjectAt(connection: Connection, { directory, below, projectId }: Place): string | undefined {
  return connection
    .prepare<[{ directory: string; below: string | null; projectId: string }], string>(
      `SELECT project_id FROM (
         SELECT project_id, cwd, started_at_ms FROM invocations
         UNION ALL SELECT project_id, cwd, started_at_ms FROM threads)
       WHERE cwd = @directory OR substr(cwd, 1, length(@below)) = @below OR project_id = @projectId
       ORDER BY started_at_ms DESC LIMIT 1`,
    )
    .pluck()
    .get({ directory, below: below ?? null, projectId });
}

/** The sessions in which a child thread ran whose id is, or begins with, `prefix`. */
export function findSessionsOfChild(connection: Connection, prefix: string): Scope[] {
  return connection
    .prepare<[{ prefix: string }], string>(
      `SELECT DISTINCT i.thread_id FROM response_rows r JOIN invocations i ON i.id = r.invocation_id
       WHERE ${beginsWith('r.thread_id')} AND i.thread_id IS NOT NULL AND r.thread_id <> i.thread_id
       UNION SELECT t.root_id FROM threads t WHERE ${beginsWith('t.id')} AND t.root_id <> t.id`,
    )
    .pluck()
    .all({ prefix })
    .map((threadId) => ({ kind: 'session', threadId }));
}

// A range, so that an index can serve it; LIKE would take the id's own % and _ for wildcards.
function beginsWith(column: string): string {
  return `${column} >= @prefix AND ${column} < @prefix || char(0x10FFFF)`;
}
