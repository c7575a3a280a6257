import type { Provider } from '../usage/provider.js';
import type { Source } from '../usage/source.js';
import { isBetween } from './between.js';
import { COUNTER_COLUMNS, sumCounterColumns, sumCounters } from './counter-columns.js';
import type { Connection } from './open.js';
import type { SumRow } from './queries.js';
import { lacksPrice } from './response-rows.js';

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

// Sums by thread first: there are far fewer threads than responses, and names are looked up for those alone. A pack has its
// sums already: those that are in part of another time are opened.
function selectCostliest(filter: SessionFilter): string {
  const wanted = [
    filter.provider === undefined ? '' : 'AND provider = @provider',
    filter.model === undefined ? '' : 'AND (model = @model OR model GLOB @model)',
  ].join(' ');
  const isNamed = filter.text === undefined ? 'TRUE' : "instr(lower(sessionId || ' ' || projectIds), lower(@text)) > 0";
  const isWhole = isBetween(filter, 'first_completed_at_ms', 'last_completed_at_ms');
  return `
    WITH used AS (
      SELECT thread_id, invocation_id, ${SUMS_OF_RESPONSES} FROM response_rows
      WHERE ${isBetween(filter, 'completed_at_ms')} ${wanted}
      GROUP BY thread_id, invocation_id, provider, model, source
      UNION ALL
      SELECT thread_id, NULL, ${SUMS_OF_RESPONSES} FROM packed_responses
      WHERE ${isBetween(filter, 'completed_at_ms')} ${wanted} AND pack_id IN (
        SELECT id FROM response_packs
        WHERE ${isBetween(filter, 'last_completed_at_ms', 'first_completed_at_ms')} AND NOT (${isWhole}))
      GROUP BY thread_id, provider, model, source
      UNION ALL
      SELECT thread_id, NULL, provider, model, source, responses, unpriced_responses, ${COUNTER_COLUMNS}, cost_nano_usd, first_completed_at_ms, last_completed_at_ms
      FROM packed_sums WHERE pack_id IN (SELECT id FROM response_packs WHERE ${isWhole}) ${wanted}
    )
    SELECT coalesce(i.thread_id, t.root_id, u.thread_id) AS sessionId,
      json_group_array(DISTINCT u.provider) AS providers,
      json_group_array(DISTINCT coalesce(i.project_id, t.project_id, 'unknown')) AS projectIds,
      json_group_array(DISTINCT u.model) AS models, json_group_array(DISTINCT u.source) AS sources,
      count(DISTINCT u.thread_id) AS threadCount, count(DISTINCT u.invocation_id) AS invocationCount,
      sum(u.responses) AS responses, sum(u.unpriced) AS unpricedResponses, ${sumCounters('u')}, sum(u.cost) AS costNanoUsd, min(u.first_ms) AS firstResponseAtMs,
      max(u.last_ms) AS lastResponseAtMs
    FROM used u LEFT JOIN invocations i ON i.id = u.invocation_id LEFT JOIN threads t ON t.id = u.thread_id
    ${filter.projectId === undefined ? '' : "WHERE coalesce(i.project_id, t.project_id, 'unknown') = @projectId"}
    GROUP BY 1 HAVING ${isNamed} ORDER BY costNanoUsd DESC NULLS LAST, input + output DESC, 1 LIMIT @limit`;
}

const SUMS_OF_RESPONSES = `provider, model, source, count(*) AS responses, sum(${lacksPrice()}) AS unpriced,
  ${sumCounterColumns()}, sum(cost_nano_usd) AS cost,
  min(completed_at_ms) AS first_ms, max(completed_at_ms) AS last_ms`;
