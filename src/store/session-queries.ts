import type { Provider } from '../usage/provider.js';
import type { Source } from '../usage/source.js';
import type { Connection } from './open.js';
import { SUMS_OF_SUMS, threadSums } from './packs.js';
import type { SumRow } from './queries.js';
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
  type Row = Omit<SessionRow, 'providers' | 'projectIds' | 'models' | 'sources'> &
    Record<'providers' | 'projectIds' | 'models' | 'sources', string>;
  const rows = connection.prepare<[SessionFilter], Row>(selectCostliest(filter)).all(filter);
  return rows.map((row) => ({
    ...row,
    providers: JSON.parse(row.providers),
    projectIds: JSON.parse(row.projectIds),
    models: JSON.parse(row.models),
    sources: JSON.parse(row.sources),
  }));
}

// Sums by thread first: there are far fewer threads than responses, and names are looked up for those alone.
function selectCostliest(filter: SessionFilter): string {
  const wanted = [
    filter.provider === undefined ? 'TRUE' : 'provider = @provider',
    filter.model === undefined ? 'TRUE' : '(model = @model OR model GLOB @model)',
  ].join(' AND ');
  const isNamed = filter.text === undefined ? 'TRUE' : "instr(lower(sessionId || ' ' || projectIds), lower(@text)) > 0";
  return `
    SELECT coalesce(i.thread_id, t.root_id, u.thread_id) AS sessionId,
      json_group_array(DISTINCT u.provider) AS providers,
      json_group_array(DISTINCT coalesce(i.project_id, t.project_id, 'unknown')) AS projectIds,
      json_group_array(DISTINCT u.model) AS models, json_group_array(DISTINCT u.source) AS sources,
      count(DISTINCT u.thread_id) AS threadCount, count(DISTINCT u.invocation_id) AS invocationCount, ${SUMS_OF_SUMS},
      min(u.first_ms) AS firstResponseAtMs, max(u.last_ms) AS lastResponseAtMs
    FROM ${threadSums(filter, wanted)} u
      LEFT JOIN invocations i ON i.id = u.invocation_id LEFT JOIN threads t ON t.id = u.thread_id
    WHERE ${filter.projectId === undefined ? 'TRUE' : "coalesce(i.project_id, t.project_id, 'unknown') = @projectId"}
      AND ${filter.tags === undefined ? 'TRUE' : isTagged('u')}
    GROUP BY 1 HAVING ${isNamed} ORDER BY costNanoUsd DESC NULLS LAST, input + output DESC, 1 LIMIT @limit`;
}
