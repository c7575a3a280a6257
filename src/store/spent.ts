import { addSpent, NOTHING_SPENT, type Period, type Spent } from '../usage/budget.js';
import type { Connection } from './open.js';
import { lacksPrice } from './response-rows.js';
import { readRow } from './sql.js';

/** What is asked for: what was spent in a run of a project, or by the project in a period. */
export interface SpentQuery {
  readonly projectId: string;
  readonly runId: string;
  /** An invocation that is left out of the sum. */
  readonly invocationId?: string;
  /** It begins and ends on quarters of an hour. */
  readonly day: Period;
}

/** What all invocations of a run, but for the one that is left out, have spent. */
export function readSpentInRun(connection: Connection, query: Omit<SpentQuery, 'day'>): Spent {
  const sql = `SELECT ${sums('total')} FROM cost_records
    WHERE run_id = @runId AND project_id = @projectId AND invocation_id IS NOT @invocationId`;
  return readRow(connection, sql, { invocationId: null, ...query }) ?? NOTHING_SPENT;
}

/** What a project has spent in a period, but for the invocation that is left out. What was imported counts too. */
export function readSpentInPeriod(connection: Connection, query: Omit<SpentQuery, 'runId'>): Spent {
  const { day, invocationId = null, projectId } = query;
  const values = { projectId, invocationId, ...day };
  const isWithin = (column: string) => `${column} >= @startMs AND ${column} < @endMs`;
  const all = `SELECT ${sums('total')} FROM buckets WHERE ${isWithin('start_ms')} AND project_id = @projectId`;
  const ofInvocation = `SELECT ${sums('single')} FROM response_rows
    WHERE invocation_id = @invocationId AND ${isWithin('completed_at_ms')}`;
  const out = readRow<Spent>(connection, ofInvocation, values) ?? NOTHING_SPENT;
  return addSpent(readRow<Spent>(connection, all, values) ?? NOTHING_SPENT, {
    nanoUsd: -out.nanoUsd,
    tokens: -out.tokens,
    unpricedResponses: -out.unpricedResponses,
    inexactResponses: -out.inexactResponses,
  });
}

/** `total`: over rows that are sums of responses themselves. */
function sums(rows: 'single' | 'total'): string {
  const [responses, unpriced] = rows === 'total' ? ['responses', 'unpriced_responses'] : ['1', lacksPrice()];
  return `coalesce(sum(cost_nano_usd), 0) AS nanoUsd, coalesce(sum(input_tokens + output_tokens), 0) AS tokens,
    coalesce(sum(${unpriced}), 0) AS unpricedResponses,
    coalesce(sum(iif(source = 'actual', 0, ${responses})), 0) AS inexactResponses`;
}
