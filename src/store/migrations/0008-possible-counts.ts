/**
 * Earlier versions recorded counts and costs that no response can have, and their sums ended reports with an error. A
 * response with such a count is taken out, as it would not be recorded today, and its invocation gets a note; one with such
 * a cost loses its price. What they had been added to is added up anew. The bounds are those of src/usage/count.ts.
 */
export const POSSIBLE_COUNTS = `
CREATE TEMP TABLE unpacked AS SELECT p.id FROM response_packs p
WHERE EXISTS (SELECT 1 FROM json_each(p.kinds) k
    WHERE max(k.value ->> 7, k.value ->> 10, k.value ->> 11) > 1000000000 OR k.value ->> 12 > 10000000000000)
  AND EXISTS (SELECT 1 FROM json_each(p.counts) c
    WHERE max(c.value ->> 4, c.value ->> 5, c.value ->> 6, c.value ->> 8, c.value ->> 9) > 1000000000
      OR c.value ->> 10 > 10000000000000);

INSERT INTO response_rows (provider, thread_id, response_key, turn_id, root_turn_id, model, service_tier, input_tokens,
  cached_input_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, evidence, source,
  cost_nano_usd, price, completed_at_ms, recorded_at_ms)
SELECT provider, thread_id, response_key, turn_id, root_turn_id, model, service_tier, input_tokens,
  cached_input_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, evidence, source,
  cost_nano_usd, price, completed_at_ms, recorded_at_ms
FROM packed_responses WHERE pack_id IN (SELECT id FROM unpacked);
DELETE FROM response_packs WHERE id IN (SELECT id FROM unpacked);

CREATE TEMP TABLE impossible AS
SELECT id, invocation_id, completed_at_ms / 900000 * 900000 AS start_ms,
  max(input_tokens, cached_input_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens)
    > iif(evidence IN ('turn_completed', 'text'), 1000000000000, 1000000000) AS is_count
FROM response_rows
WHERE max(input_tokens, cached_input_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens)
    > iif(evidence IN ('turn_completed', 'text'), 1000000000000, 1000000000)
  OR cost_nano_usd > 10000000000000;

INSERT INTO notes (invocation_id, kind, reason, figures, noted_at_ms)
SELECT invocation_id, iif(is_count, 'unreadable', 'unpriced'),
  iif(is_count, 'responses with counts that cannot be had been recorded: they were taken out',
    'responses had been given a cost that cannot be: they have none now'),
  json_object('responses', count(*)), CAST(unixepoch('subsec') * 1000 AS INTEGER)
FROM impossible WHERE invocation_id IS NOT NULL GROUP BY invocation_id, is_count;

DELETE FROM original_costs WHERE response_id IN (SELECT id FROM impossible) OR cost_nano_usd > 10000000000000;
DELETE FROM response_rows WHERE id IN (SELECT id FROM impossible WHERE is_count);
UPDATE response_rows SET cost_nano_usd = NULL, price = NULL WHERE id IN (SELECT id FROM impossible);

CREATE TEMP TABLE stale AS SELECT DISTINCT start_ms FROM impossible
UNION SELECT start_ms FROM buckets
WHERE max(input_tokens, output_tokens, reasoning_tokens, coalesce(cost_nano_usd, 0)) > 9007199254740991;

INSERT INTO response_rows (provider, thread_id, response_key, turn_id, root_turn_id, model, service_tier, input_tokens,
  cached_input_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, evidence, source,
  cost_nano_usd, price, completed_at_ms, recorded_at_ms)
SELECT provider, thread_id, response_key, turn_id, root_turn_id, model, service_tier, input_tokens,
  cached_input_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, evidence, source,
  cost_nano_usd, price, completed_at_ms, recorded_at_ms
FROM packed_responses WHERE pack_id IN (SELECT p.id FROM stale s JOIN response_packs p
  ON p.last_completed_at_ms >= s.start_ms AND p.first_completed_at_ms < s.start_ms + 900000);
DELETE FROM response_packs WHERE id IN (SELECT p.id FROM stale s JOIN response_packs p
  ON p.last_completed_at_ms >= s.start_ms AND p.first_completed_at_ms < s.start_ms + 900000);

DELETE FROM buckets WHERE start_ms IN (SELECT start_ms FROM stale);
INSERT INTO buckets (start_ms, provider, project_id, model, source, responses, unpriced_responses, input_tokens,
  cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost_nano_usd)
SELECT s.start_ms, r.provider, coalesce(i.project_id, t.project_id, 'unknown'), r.model, r.source,
  count(*), count(*) - count(r.cost_nano_usd), sum(r.input_tokens), sum(r.cached_input_tokens),
  sum(r.cache_write_tokens), sum(r.output_tokens), sum(r.reasoning_tokens), sum(r.cost_nano_usd)
FROM stale s JOIN response_rows r ON r.completed_at_ms >= s.start_ms AND r.completed_at_ms < s.start_ms + 900000
  LEFT JOIN invocations i ON i.id = r.invocation_id LEFT JOIN threads t ON t.id = r.thread_id
GROUP BY 1, 2, 3, 4, 5;

DELETE FROM cost_records WHERE NOT EXISTS (SELECT 1 FROM response_rows r WHERE r.invocation_id = cost_records.invocation_id
    AND r.model = cost_records.model AND r.source = cost_records.source)
  AND invocation_id IN (SELECT invocation_id FROM impossible);
UPDATE cost_records SET input_tokens = n.input, output_tokens = n.output, cached_input_tokens = n.cached,
  cache_write_tokens = n.written, reasoning_tokens = n.reasoning, responses = n.responses,
  unpriced_responses = n.unpriced, cost_nano_usd = n.cost, total_cost_usd = n.cost / 1e9,
  input_cost_per_1k = n.input_price, output_cost_per_1k = n.output_price
FROM (SELECT invocation_id, model, source, sum(input_tokens) AS input, sum(output_tokens) AS output,
    sum(cached_input_tokens) AS cached, sum(cache_write_tokens) AS written, sum(reasoning_tokens) AS reasoning,
    count(*) AS responses, count(*) - count(cost_nano_usd) AS unpriced, sum(cost_nano_usd) AS cost,
    max(json_extract(price, '$.inputCostPer1kUsd')) AS input_price,
    max(json_extract(price, '$.outputCostPer1kUsd')) AS output_price
  FROM response_rows WHERE invocation_id IN (SELECT invocation_id FROM impossible)
  GROUP BY invocation_id, model, source) n
WHERE n.invocation_id = cost_records.invocation_id AND n.model = cost_records.model AND n.source = cost_records.source;

DROP TABLE unpacked;
DROP TABLE impossible;
DROP TABLE stale;
`;
