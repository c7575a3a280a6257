import type { Phase } from '../usage/phase.js';
import type { InvocationStatus, ModelResponse } from '../usage/record.js';
import type { Source } from '../usage/source.js';
import type { Connection } from './open.js';
import { responsesBetween, SUMS_OF_SUMS, threadSums } from './packs.js';
import type { UsageFilter } from './period-queries.js';
import type { SumRow } from './queries.js';
import { type ModelResponseRow, SUMS_OF_RESPONSES, selectModelResponse, toModelResponse } from './response-rows.js';
import { between, conditionsOf, isModel, joinInvocationAndThread, readRows } from './sql.js';
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
  const isMetered = conditionsOf(filter, { ...ofResponse('r.'), ...OF_INVOCATION });
  const metered = `
    SELECT r.invocation_id AS invocationId, r.model, r.source, ${SUMS_OF_RESPONSES}
    FROM response_rows r JOIN invocations i ON i.id = r.invocation_id WHERE ${isMetered}
    GROUP BY 1, 2, 3 ORDER BY min(r.completed_at_ms), 2, 3`;
  const imported = () => `
    SELECT NULL AS invocationId, u.model, u.source, ${SUMS_OF_SUMS}
    FROM ${threadSums(filter, conditionsOf(filter, { model: isModel('model'), ...ofImported('') }))} u
      LEFT JOIN threads t ON t.id = u.thread_id
    WHERE u.invocation_id IS NULL AND ${conditionsOf(filter, OF_THREAD)} GROUP BY 2, 3 ORDER BY min(u.first_ms), 2, 3`;
  return [metered, ...(isOfInvocationsAlone(filter) ? [] : [imported()])].flatMap((sql) => {
    return readRows<ComparedUsageRow>(connection, sql, filter);
  });
}

/** Every invocation of the projects and runs of `filter`, whatever its phase, time and tags, oldest first. */
export function readComparedInvocations(
  connection: Connection,
  filter: Pick<ComparedFilter, 'projectId' | 'runId' | 'tags'>,
): ComparedInvocationRow[] {
  const { projectId, runId } = OF_INVOCATION;
  const sql = `
    SELECT i.id, i.project_id AS projectId, i.run_id AS runId, i.phase, i.iteration, i.thread_id AS threadId, i.status,
      i.started_at_ms AS startedAtMs, i.ended_at_ms AS endedAtMs,
      ${filter.tags === undefined ? '1' : OF_INVOCATION.tags} AS isTagged
    FROM invocations i WHERE ${conditionsOf(filter, { projectId, runId })} ORDER BY i.started_at_ms, i.rowid`;
  return readRows(connection, sql, filter);
}

/** The responses that `readComparedUsage` sums up, one after the other, each with its invocation or null. */
export function* iterateCompared(
  connection: Connection,
  filter: ComparedFilter,
): Generator<{ readonly invocationId: string | null; readonly response: ModelResponse }> {
  type Row = ModelResponseRow & { readonly invocationId: string | null };
  const isMetered = `i.id IS NOT NULL AND ${conditionsOf(filter, OF_INVOCATION)}`;
  const isImported = `r.invocation_id IS NULL AND ${conditionsOf(filter, { ...OF_THREAD, ...ofImported('r.') })}`;
  const isMeteredAlone = isOfInvocationsAlone(filter);
  const rows = connection
    .prepare<[ComparedFilter], Row>(
      `SELECT r.invocation_id AS invocationId, ${selectModelResponse('r')}
       FROM ${isMeteredAlone ? 'response_rows' : responsesBetween(filter)} r ${joinInvocationAndThread('r')}
       WHERE ${conditionsOf(filter, ofResponse('r.'))}
         AND ${isMeteredAlone ? isMetered : `((${isMetered}) OR (${isImported}))`}`,
    )
    .iterate(filter);
  for (const { invocationId, ...row } of rows) yield { invocationId, response: toModelResponse(row) };
}

/** Whether imported responses cannot be meant, because they have neither a run nor a phase. */
function isOfInvocationsAlone({ runId, phase, iteration }: ComparedFilter): boolean {
  return runId !== undefined || phase !== undefined || iteration !== undefined;
}

const ofResponse = (alias: string) => ({ ...between(`${alias}completed_at_ms`), model: isModel(`${alias}model`) });

const OF_INVOCATION = {
  tags: isTaggedInvocation('i.id'),
  projectId: 'i.project_id = @projectId',
  runId: 'i.run_id = @runId',
  phase: 'i.phase = @phase',
  iteration: 'i.iteration = @iteration',
  sessionId: 'i.thread_id = @sessionId',
};

const OF_THREAD = { projectId: "coalesce(t.project_id, 'unknown') = @projectId" };

const ofImported = (alias: string) => ({
  tags: isTaggedThread(`${alias}thread_id`),
  sessionId: `${alias}thread_id IN (SELECT id FROM threads WHERE root_id = @sessionId)`,
});
