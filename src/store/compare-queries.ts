import type { Phase } from '../usage/phase.js';
import type { InvocationStatus, ModelResponse } from '../usage/record.js';
import type { Source } from '../usage/source.js';
import { isBetween } from './between.js';
import { sumCounters } from './counter-columns.js';
import type { Connection } from './open.js';
import { responsesBetween, SUMS_OF_SUMS, threadSums } from './packs.js';
import type { UsageFilter } from './period-queries.js';
import type { SumRow } from './queries.js';
import { lacksPrice, type ModelResponseRow, selectModelResponse, toModelResponse } from './response-rows.js';
import { isTaggedInvocation, isTaggedThread } from './tags.js';

/** Which responses are compared: those that fulfil all that is defined. `fromMs` is inclusive, `untilMs` exclusive. */
export interface ComparedFilter extends Omit<UsageFilter, 'provider'> {
  readonly runId?: string | undefined;
  readonly phase?: string | undefined;
  readonly iteration?: number | undefined;
  /** The thread id of a session, whose child threads count with it. */
  readonly sessionId?: string | undefined;
}

/** Sums over the responses of one model and one source in one invocation. */
export interface ComparedUsageRow extends SumRow {
  /** Null for what was imported and is assigned to no invocation. */
  readonly invocationId: string | null;
  readonly model: string;
  readonly source: Source;
}

export interface ComparedInvocationRow {
  readonly id: string;
  readonly projectId: string;
  readonly runId: string;
  readonly phase: Phase;
  readonly iteration: number;
  readonly threadId: string | null;
  readonly status: InvocationStatus;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** Whether it has the tags that were asked for: 1 or 0. */
  readonly isTagged: 0 | 1;
}

/** The sums of what `filter` lets through, metered or imported. */
export function readComparedUsage(connection: Connection, filter: ComparedFilter): ComparedUsageRow[] {
  const metered = connection
    .prepare<[ComparedFilter], ComparedUsageRow>(
      `SELECT r.invocation_id AS invocationId, r.model, r.source, count(*) AS responses,
         sum(${lacksPrice('r')}) AS unpricedResponses, ${sumCounters('r')}, sum(r.cost_nano_usd) AS costNanoUsd
       FROM response_rows r JOIN invocations i ON i.id = r.invocation_id
       WHERE ${all([isBetween(filter, 'r.completed_at_ms'), ...ofResponse(filter, 'r.'), ...ofInvocation(filter)])}
       GROUP BY 1, 2, 3 ORDER BY min(r.completed_at_ms), 2, 3`,
    )
    .all(filter);
  if (isOfInvocationsAlone(filter)) return metered;
  const imported = connection
    .prepare<[ComparedFilter], ComparedUsageRow>(
      `SELECT NULL AS invocationId, u.model, u.source, ${SUMS_OF_SUMS}
       FROM ${threadSums(filter, all([...ofResponse(filter), ...ofImported(filter)]))} u
         LEFT JOIN threads t ON t.id = u.thread_id
       WHERE ${all(['u.invocation_id IS NULL', ...ofThread(filter)])}
       GROUP BY 2, 3 ORDER BY min(u.first_ms), 2, 3`,
    )
    .all(filter);
  return [...metered, ...imported];
}

/** Every invocation of the projects and runs of `filter`, whatever its phase, time and tags, oldest first. */
export function readComparedInvocations(
  connection: Connection,
  { projectId, runId, tags }: Pick<ComparedFilter, 'projectId' | 'runId' | 'tags'>,
): ComparedInvocationRow[] {
  const isTagged = tags === undefined ? '1' : isTaggedInvocation('i.id');
  return connection
    .prepare<[ComparedFilter], ComparedInvocationRow>(
      `SELECT i.id, i.project_id AS projectId, i.run_id AS runId, i.phase, i.iteration, i.thread_id AS threadId, i.status,
         i.started_at_ms AS startedAtMs, i.ended_at_ms AS endedAtMs, ${isTagged} AS isTagged
       FROM invocations i WHERE ${all(ofInvocation({ projectId, runId }))} ORDER BY i.started_at_ms, i.rowid`,
    )
    .all({ projectId, runId, tags });
}

/** The responses that `readComparedUsage` sums up, one after the other, each with its invocation or null. */
export function* iterateCompared(
  connection: Connection,
  filter: ComparedFilter,
): Generator<{ readonly invocationId: string | null; readonly response: ModelResponse }> {
  type Row = ModelResponseRow & { readonly invocationId: string | null };
  const isImported = all(['r.invocation_id IS NULL', ...ofThread(filter), ...ofImported(filter, 'r.')]);
  const isMetered = all(['i.id IS NOT NULL', ...ofInvocation(filter)]);
  const isMeant = isOfInvocationsAlone(filter) ? isMetered : `((${isMetered}) OR (${isImported}))`;
  const rows = connection
    .prepare<[ComparedFilter], Row>(
      `SELECT r.invocation_id AS invocationId, ${selectModelResponse('r')}
       FROM ${isOfInvocationsAlone(filter) ? 'response_rows' : responsesBetween(filter)} r
         LEFT JOIN invocations i ON i.id = r.invocation_id LEFT JOIN threads t ON t.id = r.thread_id
       WHERE ${all([isBetween(filter, 'r.completed_at_ms'), ...ofResponse(filter, 'r.'), isMeant])}`,
    )
    .iterate(filter);
  for (const { invocationId, ...row } of rows) yield { invocationId, response: toModelResponse(row) };
}

/** Whether imported responses cannot be meant, because they have neither a run nor a phase. */
function isOfInvocationsAlone({ runId, phase, iteration }: ComparedFilter): boolean {
  return runId !== undefined || phase !== undefined || iteration !== undefined;
}

function ofResponse({ model }: ComparedFilter, alias = ''): string[] {
  return model === undefined ? [] : [`(${alias}model = @model OR ${alias}model GLOB @model)`];
}

function ofInvocation({ projectId, runId, phase, iteration, sessionId, tags }: ComparedFilter): string[] {
  return [
    ...(tags === undefined ? [] : [isTaggedInvocation('i.id')]),
    ...(projectId === undefined ? [] : ['i.project_id = @projectId']),
    ...(runId === undefined ? [] : ['i.run_id = @runId']),
    ...(phase === undefined ? [] : ['i.phase = @phase']),
    ...(iteration === undefined ? [] : ['i.iteration = @iteration']),
    ...(sessionId === undefined ? [] : ['i.thread_id = @sessionId']),
  ];
}

function ofThread({ projectId }: ComparedFilter): string[] {
  return projectId === undefined ? [] : ["coalesce(t.project_id, 'unknown') = @projectId"];
}

function ofImported({ sessionId, tags }: ComparedFilter, alias = ''): string[] {
  return [
    ...(tags === undefined ? [] : [isTaggedThread(`${alias}thread_id`)]),
    ...(sessionId === undefined ? [] : [`${alias}thread_id IN (SELECT id FROM threads WHERE root_id = @sessionId)`]),
  ];
}

function all(conditions: readonly string[]): string {
  return conditions.length === 0 ? 'TRUE' : conditions.join(' AND ');
}
