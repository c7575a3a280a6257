import type { Source } from '../usage/source.js';
import type { Connection } from './open.js';
import type { UsageFilter } from './period-queries.js';
import type { SumRow } from './queries.js';
import { SUMS_OF_RESPONSES } from './response-rows.js';
import { between, conditionsOf, isModel, readRows } from './sql.js';
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
  const conditions = conditionsOf(filter, {
    ...between('r.completed_at_ms'),
    provider: 'r.provider = @provider',
    projectId: 'i.project_id = @projectId',
    phase: 'i.phase = @phase',
    model: isModel('r.model'),
    tags: isTaggedInvocation('i.id'),
  });
  const sql = `
    SELECT i.project_id AS projectId, i.run_id AS runId, json_group_array(DISTINCT r.model) AS models,
      json_group_array(DISTINCT r.source) AS sources, ${SUMS_OF_RESPONSES}
    FROM response_rows r JOIN invocations i ON i.id = r.invocation_id WHERE ${conditions}
    GROUP BY 1, 2 ORDER BY costNanoUsd DESC NULLS LAST, input + output DESC, 1, 2`;
  return readRows<RunSumRow>(connection, sql, filter, ['models', 'sources']);
}
