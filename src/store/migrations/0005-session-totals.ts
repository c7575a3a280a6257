/**
 * What Claude Code's own totals tell: the runs of a session, and which sessions hold copies of another one's messages.
 * Beside that, what a response cost besides its tokens, and whether its cost is known whole. A message's key is now its id
 * and the time of its first line, because a proxy may give two messages the same id. Transcripts are read once more, so that
 * what earlier versions passed over is found.
 */
export const SESSION_TOTALS = `
ALTER TABLE response_rows ADD COLUMN fees TEXT;
ALTER TABLE response_rows ADD COLUMN cost_extent TEXT NOT NULL DEFAULT 'whole';
UPDATE OR IGNORE response_rows SET response_key =
  iif(instr(response_key, ':') > 0, substr(response_key, 1, instr(response_key, ':') - 1), response_key)
  || '@' || completed_at_ms
WHERE provider = 'claude' AND response_key NOT LIKE 'at:%';

DROP VIEW responses;
DROP VIEW packed_responses;

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
  CAST(c.value ->> 3 AS INTEGER) AS completed_at_ms, p.recorded_at_ms, CAST(NULL AS TEXT) AS fees,
  CAST('whole' AS TEXT) AS cost_extent
FROM response_packs p, json_each(p.counts) c;

CREATE VIEW responses AS
SELECT id, invocation_id, provider, thread_id, response_key, turn_id, root_turn_id, model, service_tier, input_tokens,
  cached_input_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, evidence, source,
  cost_nano_usd, price, completed_at_ms, recorded_at_ms, fees, cost_extent
FROM response_rows
UNION ALL
SELECT NULL, NULL, provider, thread_id, response_key, turn_id, root_turn_id, model, service_tier, input_tokens,
  cached_input_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, evidence, source,
  cost_nano_usd, price, completed_at_ms, recorded_at_ms, fees, cost_extent
FROM packed_responses;

CREATE TABLE session_runs (
  session_id TEXT NOT NULL,
  ordinal INTEGER NOT NULL,
  family_ms INTEGER,
  ended_at_ms INTEGER NOT NULL,
  until_ms INTEGER,
  begins_compacted INTEGER NOT NULL,
  totals TEXT NOT NULL,
  extent TEXT NOT NULL,
  PRIMARY KEY (session_id, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_runs_by_family ON session_runs (family_ms);

CREATE TABLE session_copies (
  session_id TEXT NOT NULL,
  response_key TEXT NOT NULL,
  PRIMARY KEY (session_id, response_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX session_copies_by_key ON session_copies (response_key);

ALTER TABLE history_files ADD COLUMN untold_responses INTEGER NOT NULL DEFAULT 0;
UPDATE history_files SET size_bytes = -1, read_bytes = 0, state = NULL, responses = 0, unreadable_lines = 0
WHERE provider = 'claude';
`;
