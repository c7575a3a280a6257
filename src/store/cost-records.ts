import { COUNTER_COLUMNS, replaceCounters, sumCounterColumns } from './counter-columns.js';
import type { Connection } from './open.js';
import { lacksPrice } from './response-rows.js';

/**
 * Brings the invocation's cost records, one per model and source, up to date with its responses. The cost of a
 * record is NULL while none of its responses has a price, and the sum of those that have one otherwise:
 * `unpriced_responses` says how many it leaves out, or does not hold whole.
 */
export function refreshCostRecords(connection: Connection, invocationId: string): void {
  connection.prepare(REFRESH).run({ invocationId, now: new Date().toISOString() });
  connection.prepare(DROP_EMPTY).run({ invocationId });
}

// Better evidence can move the last response of a record to another source.
const DROP_EMPTY = `
  DELETE FROM cost_records WHERE invocation_id = @invocationId AND NOT EXISTS (
    SELECT 1 FROM response_rows r WHERE r.invocation_id = @invocationId
      AND r.model = cost_records.model AND r.source = cost_records.source)`;

const ISO_TIME = "strftime('%Y-%m-%dT%H:%M:%fZ', min(completed_at_ms) / 1000.0, 'unixepoch')";

// A record's prices per 1,000 tokens are the base prices of its newest priced response: a runner's table has one
// column for what can be several rates (long context, tiers), so the cost beside them is the figure to trust.
const REFRESH = `
  INSERT INTO cost_records (id, project_id, run_id, category, ${COUNTER_COLUMNS}, is_actual, model,
    input_cost_per_1k, output_cost_per_1k, total_cost_usd, description, created_at, invocation_id, iteration, source,
    responses, unpriced_responses, cost_nano_usd, updated_at)
  SELECT i.id || '/' || r.model || '/' || r.source, i.project_id, i.run_id, i.phase,
    ${sumCounterColumns('r')}, r.source = 'actual', r.model,
    max(json_extract(r.price, '$.inputCostPer1kUsd')), max(json_extract(r.price, '$.outputCostPer1kUsd')),
    sum(r.cost_nano_usd) / 1e9,
    i.phase || ' iteration ' || i.iteration || iif(i.origin = 'recorded', ', ', ', codex ') || i.command || ', '
      || count(*) || ' ' || iif(count(*) = 1, 'response', 'responses'),
    ${ISO_TIME}, i.id, i.iteration, r.source,
    count(*), sum(${lacksPrice('r')}), sum(r.cost_nano_usd), @now
  FROM response_rows r JOIN invocations i ON i.id = r.invocation_id
  WHERE i.id = @invocationId
  GROUP BY r.model, r.source
  ON CONFLICT (id) DO UPDATE SET
    ${replaceCounters()}, input_cost_per_1k = excluded.input_cost_per_1k, output_cost_per_1k = excluded.output_cost_per_1k,
    total_cost_usd = excluded.total_cost_usd, description = excluded.description, created_at = excluded.created_at,
    responses = excluded.responses, unpriced_responses = excluded.unpriced_responses, cost_nano_usd = excluded.cost_nano_usd,
    updated_at = excluded.updated_at`;
