import { CACHE_WRITE_1H } from '../usage/counters.js';
import type { Phase } from '../usage/phase.js';
import type { Provider } from '../usage/provider.js';
import type { AttributionOrigin, CostExtent, InvocationStatus, Note } from '../usage/record.js';
import { bestFirst, type Evidence, type Source } from '../usage/source.js';
import type { Usage } from '../usage/usage.js';
import { selectCounters } from './counter-columns.js';
import { type Connection, explainingFaults } from './open.js';
import { SUMS_OF_RESPONSES } from './response-rows.js';
import { readRows } from './sql.js';
import { isSqliteError } from './sqlite-error.js';
import type { Store } from './store.js';
import { isTaggedInvocation, selectTags, type TagFilter } from './tags.js';

/** What a report is about. A run id is unique within its project only. With `tags` it is what has them of the run or session. */
export type Scope = RunScope | SessionScope;

interface RunScope {
  readonly kind: 'run';
  readonly projectId: string;
  readonly runId: string;
  readonly tags?: TagFilter | undefined;
}

export interface SessionScope {
  readonly kind: 'session';
  readonly threadId: string;
  readonly tags?: TagFilter | undefined;
}

/** Sums over responses. `costNanoUsd` is null when none of them has a price, and leaves the unpriced ones out otherwise. */
export interface SumRow extends Usage {
  readonly responses: number;
  readonly unpricedResponses: number;
  readonly costNanoUsd: number | null;
}

export interface InvocationRow {
  readonly id: string;
  readonly projectId: string;
  readonly runId: string;
  readonly phase: Phase;
  readonly iteration: number;
  readonly origins: Readonly<Record<'project' | 'run' | 'phase' | 'iteration', AttributionOrigin>>;
  readonly command: string;
  readonly cwd: string;
  readonly codexVersion: string | null;
  readonly threadId: string | null;
  readonly status: InvocationStatus;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** What one invocation used of one model, by what the counts are worth. */
export interface ModelRow extends SumRow {
  readonly invocationId: string;
  readonly model: string;
  readonly source: Source;
  readonly evidence: readonly Evidence[];
  readonly threadIds: readonly string[];
}

export interface ResponseRow extends Omit<SumRow, 'responses' | 'unpricedResponses'> {
  readonly invocationId: string;
  readonly provider: Provider;
  readonly threadId: string;
  readonly key: string;
  readonly turnId: string | null;
  readonly model: string;
  readonly serviceTier: string | null;
  readonly evidence: Evidence;
  readonly source: Source;
  /** The price that its cost was computed with, as it is recorded; null when it has none. */
  readonly price: unknown;
  readonly costExtent: CostExtent;
  readonly completedAtMs: number;
  /** Of `cacheWrite`, what is kept for an hour. */
  readonly cacheWrite1h: number;
}

/** SQL: the columns of a ResponseRow but for its invocation, of the responses `r`. The price is still JSON. */
export const RESPONSE_SELECTION: string = `r.provider, r.thread_id AS threadId, r.response_key AS key, r.turn_id AS turnId, r.model,
  r.service_tier AS serviceTier, r.evidence, r.source, r.price, r.completed_at_ms AS completedAtMs, ${selectCounters('r')},
  r.${CACHE_WRITE_1H.column} AS cacheWrite1h, r.cost_nano_usd AS costNanoUsd, r.cost_extent AS costExtent`;

export interface NoteRow extends Note {
  readonly invocationId: string;
  readonly notedAtMs: number;
}

/**
 * Runs `read` on one state of the database, whatever is written meanwhile. SQLite's errors become a StoreError; what
 * else `read` throws passes through.
 */
export function readSnapshot<T>(store: Pick<Store, 'connection' | 'path'>, read: (connection: Connection) => T): T {
  try {
    return store.connection.transaction(() => read(store.connection)).deferred();
  } catch (error) {
    if (!isSqliteError(error)) throw error;
    return explainingFaults(store.path, () => {
      throw error;
    });
  }
}

/** The invocations of `scope`, oldest first. */
export function readInvocations(connection: Connection, scope: Scope): InvocationRow[] {
  const sql = `
    SELECT i.id, i.project_id AS projectId, i.run_id AS runId, i.phase, i.iteration, i.attribution AS origins,
      i.command, i.cwd, i.codex_version AS codexVersion, i.thread_id AS threadId, i.status, i.exit_code AS exitCode,
      i.signal, i.started_at_ms AS startedAtMs, i.ended_at_ms AS endedAtMs, ${selectTags('i')} AS tags
    FROM (SELECT *, id AS invocation_id, rowid AS ordinal FROM invocations) i WHERE ${within(scope)}
    ORDER BY i.started_at_ms, i.ordinal`;
  return readRows<InvocationRow>(connection, sql, scope, ['origins', 'tags']);
}

/** Sums per invocation, model and source, in the order in which they began. */
export function readModels(connection: Connection, scope: Scope): ModelRow[] {
  const sql = `
    SELECT r.invocation_id AS invocationId, r.model, r.source, json_group_array(DISTINCT r.evidence) AS evidence,
      json_group_array(DISTINCT r.thread_id) AS threadIds, ${SUMS_OF_RESPONSES}
    FROM invocations i JOIN response_rows r ON r.invocation_id = i.id WHERE ${within(scope)}
    GROUP BY r.invocation_id, r.model, r.source ORDER BY min(r.completed_at_ms), r.model, r.source`;
  const rows = readRows<ModelRow>(connection, sql, scope, ['evidence', 'threadIds']);
  return rows.map((row) => ({ ...row, evidence: bestFirst(row.evidence) }));
}

/** Every response of `scope`, in the order in which they were completed. */
export function readResponses(connection: Connection, scope: Scope): ResponseRow[] {
  const sql = `SELECT r.invocation_id AS invocationId, ${RESPONSE_SELECTION}
    FROM invocations i JOIN response_rows r ON r.invocation_id = i.id WHERE ${within(scope)}
    ORDER BY r.completed_at_ms, r.id`;
  return readRows<ResponseRow>(connection, sql, scope, ['price']);
}

export function readNotes(connection: Connection, scope: Scope): NoteRow[] {
  const sql = `SELECT n.invocation_id AS invocationId, n.kind, n.reason, n.figures, n.noted_at_ms AS notedAtMs
    FROM invocations i JOIN notes n ON n.invocation_id = i.id WHERE ${within(scope)} ORDER BY n.id`;
  return readRows<NoteRow>(connection, sql, scope, ['figures']);
}

/** The condition that holds for the invocations `i` of `scope`; its parameters are the scope's own fields. */
export function within(scope: Scope): string {
  const isOf = scope.kind === 'run' ? 'i.project_id = @projectId AND i.run_id = @runId' : 'i.thread_id = @threadId';
  return scope.tags === undefined ? isOf : `${isOf} AND ${isTaggedInvocation('i.id')}`;
}
