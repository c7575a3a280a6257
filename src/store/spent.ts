import { addSpent, NOTHING_SPENT, type Spent } from '../usage/budget.js';
import type { Connection } from './open.js';
import { lacksPrice } from './response-rows.js';

/** Of whom it is asked what was spent. `invocationId` is left out of it; the day is of the project. */
export interface SpentQuery {
  readonly projectId: string;
  readonly runId: string;
  readonly invocationId: string;
  /** Epoch milliseconds, on quarters of an hour; the end is not part of it. */
  readonly day: { readonly startMs: number; readonly endMs: number };
}

/** What all but one invocation have spent in a run. */
export function readSpentInRun(connection: Connection, query: SpentQuery): Spent {
  return readSums(
    connection,
    `SELECT ${sums('total')} FROM cost_records
     WHERE run_id = @runId AND project_id = @projectId AND invocation_id <> @invocationId`,
    query,
  );
}

/** What all but one invocation have spent in a project on a day. What was imported counts too. */
export function readSpentOnDay(connection: Connection, { day, ...query }: SpentQuery): Spent {
  const values = { ...query, ...day };
  const all = readSums(
    connection,
    `SELECT ${sums('total')} FROM buckets
     WHERE start_ms >= @startMs AND start_ms < @endMs AND project_id = @projectId`,
    values,
  );
  const own = readSums(
    connection,
    `SELECT ${sums('single')} FROM response_rows
     WHERE invocation_id = @invocationId AND completed_at_ms >= @startMs AND completed_at_ms < @endMs`,
    values,
  );
  return addSpent(all, {
    nanoUsd: -own.nanoUsd,
    tokens: -own.tokens,
    unpricedResponses: -own.unpricedResponses,
    inexactResponses: -own.inexactResponses,
  });
}

/** `total`: over rows that are sums of responses themselves. */
function sums(rows: 'single' | 'total'): string {
  const [responses, unpriced] = rows === 'total' ? ['responses', 'unpriced_responses'] : ['1', lacksPrice()];
  return `coalesce(sum(cost_nano_usd), 0) AS nanoUsd, coalesce(sum(input_tokens + output_tokens), 0) AS tokens,
    coalesce(sum(${unpriced}), 0) AS unpricedResponses,
    coalesce(sum(iif(source = 'actual', 0, ${responses})), 0) AS inexactResponses`;
}

function readSums(connection: Connection, sql: string, values: object): Spent {
  return connection.prepare<[object], Spent>(sql).get(values) ?? NOTHING_SPENT;
}
