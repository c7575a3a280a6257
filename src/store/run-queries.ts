import type { Source } from '../usage/source.js';
import { isBetween } from './between.js';
import { sumCounters } from './counter-columns.js';
import type { Connection } from './open.js';
import type { UsageFilter } from './period-queries.js';
import type { SumRow } from './queries.js';
import { lacksPrice } from './response-rows.js';
import { isTaggedInvocation } from './tags.js';

/** What a run used within the days, models and provider of a filter. */
export interface RunSumRow extends SumRow {
  readonly projectId: string;
  readonly runId: string;
  readonly models: readonly string[];
  readonly sources: readonly Source[];
}

export interface RunFilter extends UsageFilter {
  readonly phase?: string | undefined;
}

/** The runs that used anything which `filter` lets through, the dearest first, each with the sums of that alone. */
export function readRunSums(connection: Connection, filter: RunFilter): RunSumRow[] {
  const conditions = [
    isBetween(filter, 'r.completed_at_ms'),
    ...(filter.provider === undefined ? [] : ['r.provider = @provider']),
    ...(filter.projectId === undefined ? [] : ['i.project_id = @projectId']),
    ...(filter.phase === undefined ? [] : ['i.phase = @phase']),
    ...(filter.model === undefined ? [] : ['(r.model = @model OR r.model GLOB @model)']),
    ...(filter.tags === undefined ? [] : [isTaggedInvocation('i.id')]),
  ];
  const rows = connection
    .prepare<[RunFilter], Omit<RunSumRow, 'models' | 'sources'> & Record<'models' | 'sources', string>>(
      `SELECT i.project_id AS projectId, i.run_id AS runId, json_group_array(DISTINCT r.model) AS models,
         json_group_array(DISTINCT r.source) AS sources, count(*) AS responses, sum(${lacksPrice('r')}) AS unpricedResponses,
         ${sumCounters('r')}, sum(r.cost_nano_usd) AS costNanoUsd
       FROM response_rows r JOIN invocations i ON i.id = r.invocation_id
       WHERE ${conditions.join(' AND ')} GROUP BY 1, 2
       ORDER BY costNanoUsd DESC NULLS LAST, input + output DESC, 1, 2`,
    )
    .all(filter);
  return rows.map((row) => ({ ...row, models: JSON.parse(row.models), sources: JSON.parse(row.sources) }));
}
