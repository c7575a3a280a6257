import type { Provider } from '../usage/provider.js';
import type { Source } from '../usage/source.js';
import type { Connection } from './open.js';
import { SUMS_OF_SUMS, threadSums } from './packs.js';
import type { SumRow } from './queries.js';
import { conditionsOf, isModel, joinInvocationAndThread, PROJECT, readRows } from './sql.js';
import { isTagged, type TagFilter } from './tags.js';

/** A Codex or Claude session with the threads that it started, metered or read from history. */
export interface SessionRow extends SumRow {
  /** The id of its first thread. */
  readonly sessionId: string;
  readonly providers: readonly Provider[];
  readonly projectIds: readonly string[];
  readonly models: readonly string[];
  readonly sources: readonly Source[];
  readonly threadCount: number;
  /** How many invocations of it were metered: 0 for a session that is known from history alone. */
  readonly invocationCount: number;
  readonly firstResponseAtMs: number;
  readonly lastResponseAtMs: number;
}

export interface SessionFilter {
  readonly provider?: Provider | undefined;
  readonly projectId?: string | undefined;
  /** A name, or a pattern with `*` and `?`. */
  readonly model?: string | undefined;
  /** A part of the session's id or of a project's name, in any case. */
  readonly text?: string | undefined;
  readonly tags?: TagFilter | undefined;
  /** Epoch milliseconds, the first inclusive, the second exclusive: what was used from then to then. */
  readonly fromMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly limit: number;
}

/** The sessions that cost most, the dearest first; sessions without a price last. */
export function readCostliestSessions(connection: Connection, filter: SessionFilter): SessionRow[] {
  // Sums by thread first: there are far fewer threads than responses, and names are looked up for those alone.
  const sums = threadSums(filter, conditionsOf(filter, { provider: 'provider = @provider', model: isModel('model') }));
  const isMeant = conditionsOf(filter, { projectId: `${PROJECT} = @projectId`, tags: isTagged('u') });
  const isNamed = conditionsOf(filter, { text: "instr(lower(sessionId || ' ' || projectIds), lower(@text)) > 0" });
  const sql = `
    SELECT coalesce(i.thread_id, t.root_id, u.thread_id) AS sessionId,
      json_group_array(DISTINCT u.provider) AS providers, json_group_array(DISTINCT ${PROJECT}) AS projectIds,
      json_group_array(DISTINCT u.model) AS models, json_group_array(DISTINCT u.source) AS sources,
      count(DISTINCT u.thread_id) AS threadCount, count(DISTINCT u.invocation_id) AS invocationCount, ${SUMS_OF_SUMS},
      min(u.first_ms) AS firstResponseAtMs, max(u.last_ms) AS lastResponseAtMs
    FROM ${sums} u ${joinInvocationAndThread('u')} WHERE ${isMeant}
    GROUP BY 1 HAVING ${isNamed} ORDER BY costNanoUsd DESC NULLS LAST, input + output DESC, 1 LIMIT @limit`;
  return readRows<SessionRow>(connection, sql, filter, ['providers', 'projectIds', 'models', 'sources']);
}
