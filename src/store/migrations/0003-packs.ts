/**
 * Responses that were read from history lie packed, a session to a row, until one of them has to change: they are written
 * in a fraction of the time, and take a quarter of the space. `responses` shows all of them, packed or not.
 */
export const PACKS = `
ALTER TABLE responses RENAME TO response_rows;

CREATE TABLE response_packs (
  id INTEGER PRIMARY KEY,
  provider TEXT NOT NULL,
  thread_id TEXT NOT NULL,
  first_completed_at_ms INTEGER NOT NULL,
  last_completed_at_ms INTEGER NOT NULL,
  responses INTEGER NOT NULL,
  turns TEXT NOT NULL,
  kinds TEXT NOT NULL,
  counts TEXT NOT NULL,
  recorded_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX response_packs_by_thread ON response_packs (thread_id);
CREATE INDEX response_packs_by_time ON response_packs (last_completed_at_ms, first_completed_at_ms);

CREATE VIEW packed_responses AS
SELECT p.id AS pack_id, p.provider, p.thread_id, CAST(c.value ->> 0 AS TEXT) AS response_key,
  CAST(p.turns ->> ('$[' || (c.value ->> 1) || '][0]') AS TEXT) AS turn_id,
  CAST(p.turns ->> ('$[' || (c.value ->> 1) || '][1]') AS TEXT) AS root_turn_id,
  CAST(p.kinds ->> ('$[' || (c.value ->> 2) || '][0]') AS TEXT) AS model,
  CAST(p.kinds ->> ('$[' || (c.value ->> 2) || '][1]') AS TEXT) AS service_tier,
  CAST(c.value ->> 4 AS INTEGER) AS input_tokens, CAST(c.value ->> 5 AS INTEGER) AS cached_input_tokens,
  CAST(c.value ->> 6 AS INTEGER) AS cache_write_tokens, CAST(c.value ->> 7 AS INTEGER) AS cache_write_1h_tokens,
  CAST(c.value ->> 8 AS INTEGER) AS output_tokens, CAST(c.value ->> 9 AS INTEGER) AS reasoning_tokens,
  CAST(p.kinds ->> ('$[' || (c.value ->> 2) || '][2]') AS TEXT) AS evidence,
  CAST(p.kinds ->> ('$[' || (c.value ->> 2) || '][3]') AS TEXT) AS source,
  CAST(c.value ->> 10 AS INTEGER) AS cost_nano_usd,
  CAST(p.kinds ->> ('$[' || (c.value ->> 2) || '][4]') AS TEXT) AS price,
  CAST(c.value ->> 3 AS INTEGER) AS completed_at_ms, p.recorded_at_ms
FROM response_packs p, json_each(p.counts) c;

CREATE VIEW packed_sums AS
SELECT p.id AS pack_id, p.provider, p.thread_id, CAST(k.value ->> 0 AS TEXT) AS model,
  CAST(k.value ->> 1 AS TEXT) AS service_tier, CAST(k.value ->> 2 AS TEXT) AS evidence,
  CAST(k.value ->> 3 AS TEXT) AS source, CAST(k.value ->> 5 AS INTEGER) AS responses,
  CAST(k.value ->> 6 AS INTEGER) AS unpriced_responses, CAST(k.value ->> 7 AS INTEGER) AS input_tokens,
  CAST(k.value ->> 8 AS INTEGER) AS cached_input_tokens, CAST(k.value ->> 9 AS INTEGER) AS cache_write_tokens,
  CAST(k.value ->> 10 AS INTEGER) AS output_tokens, CAST(k.value ->> 11 AS INTEGER) AS reasoning_tokens,
  CAST(k.value ->> 12 AS INTEGER) AS cost_nano_usd, CAST(k.value ->> 13 AS INTEGER) AS first_completed_at_ms,
  CAST(k.value ->> 14 AS INTEGER) AS last_completed_at_ms
FROM response_packs p, json_each(p.kinds) k;

CREATE VIEW responses AS
SELECT id, invocation_id, provider, thread_id, response_key, turn_id, root_turn_id, model, service_tier, input_tokens,
  cached_input_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, evidence, source,
  cost_nano_usd, price, completed_at_ms, recorded_at_ms
FROM response_rows
UNION ALL
SELECT NULL, NULL, provider, thread_id, response_key, turn_id, root_turn_id, model, service_tier, input_tokens,
  cached_input_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, evidence, source,
  cost_nano_usd, price, completed_at_ms, recorded_at_ms
FROM packed_responses;
`;
