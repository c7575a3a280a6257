-- To version 1
CREATE TABLE invocations (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  phase TEXT NOT NULL,
  iteration INTEGER NOT NULL,
  attribution TEXT NOT NULL,
  command TEXT NOT NULL,
  cwd TEXT NOT NULL,
  codex_home TEXT NOT NULL,
  codex_path TEXT NOT NULL,
  codex_version TEXT,
  thread_id TEXT,
  meter_pid INTEGER NOT NULL,
  codex_pid INTEGER NOT NULL,
  status TEXT NOT NULL,
  exit_code INTEGER,
  signal TEXT,
  started_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER
) STRICT;
CREATE INDEX invocations_by_run ON invocations (run_id, phase, iteration);
CREATE INDEX invocations_by_thread ON invocations (thread_id);
CREATE INDEX invocations_by_start ON invocations (started_at_ms);
CREATE INDEX invocations_running ON invocations (status) WHERE status = 'running';

CREATE TABLE responses (
  id INTEGER PRIMARY KEY,
  invocation_id TEXT NOT NULL REFERENCES invocations (id) ON DELETE CASCADE,
  thread_id TEXT NOT NULL,
  response_key TEXT NOT NULL,
  turn_id TEXT,
  root_turn_id TEXT,
  model TEXT NOT NULL,
  service_tier TEXT,
  input_tokens INTEGER NOT NULL,
  cached_input_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  evidence TEXT NOT NULL,
  source TEXT NOT NULL,
  cost_nano_usd INTEGER,
  price TEXT,
  completed_at_ms INTEGER NOT NULL,
  recorded_at_ms INTEGER NOT NULL,
  UNIQUE (thread_id, response_key)
) STRICT;
CREATE INDEX responses_by_invocation ON responses (invocation_id);
CREATE INDEX responses_by_time ON responses (completed_at_ms);

CREATE TABLE cost_records (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  category TEXT NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  is_actual INTEGER NOT NULL,
  model TEXT NOT NULL,
  input_cost_per_1k REAL,
  output_cost_per_1k REAL,
  total_cost_usd REAL,
  description TEXT NOT NULL,
  created_at TEXT NOT NULL,
  invocation_id TEXT NOT NULL REFERENCES invocations (id) ON DELETE CASCADE,
  iteration INTEGER NOT NULL,
  source TEXT NOT NULL,
  cached_input_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  responses INTEGER NOT NULL,
  unpriced_responses INTEGER NOT NULL,
  cost_nano_usd INTEGER,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX cost_records_by_run ON cost_records (run_id, category);
CREATE INDEX cost_records_by_invocation ON cost_records (invocation_id);
CREATE INDEX cost_records_by_time ON cost_records (created_at);

CREATE TABLE notes (
  id INTEGER PRIMARY KEY,
  invocation_id TEXT NOT NULL REFERENCES invocations (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  reason TEXT NOT NULL,
  figures TEXT NOT NULL,
  noted_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX notes_by_invocation ON notes (invocation_id);

-- To version 2
CREATE TABLE invocations_new (
  id TEXT PRIMARY KEY,
  origin TEXT NOT NULL,
  project_id TEXT NOT NULL,
  run_id TEXT NOT NULL,
  phase TEXT NOT NULL,
  iteration INTEGER NOT NULL,
  attribution TEXT NOT NULL,
  command TEXT NOT NULL,
  cwd TEXT NOT NULL,
  codex_home TEXT,
  codex_path TEXT,
  codex_version TEXT,
  thread_id TEXT,
  meter_pid INTEGER,
  codex_pid INTEGER,
  status TEXT NOT NULL,
  exit_code INTEGER,
  signal TEXT,
  context_tokens INTEGER,
  context_window_tokens INTEGER,
  budget TEXT,
  started_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER
) STRICT;
INSERT INTO invocations_new (id, origin, project_id, run_id, phase, iteration, attribution, command, cwd, codex_home,
  codex_path, codex_version, thread_id, meter_pid, codex_pid, status, exit_code, signal, started_at_ms, ended_at_ms)
SELECT id, 'metered', project_id, run_id, phase, iteration, attribution, command, cwd, codex_home,
  codex_path, codex_version, thread_id, meter_pid, codex_pid, status, exit_code, signal, started_at_ms, ended_at_ms
FROM invocations ORDER BY rowid;
DROP TABLE invocations;
ALTER TABLE invocations_new RENAME TO invocations;
CREATE INDEX invocations_by_run ON invocations (run_id, phase, iteration);
CREATE INDEX invocations_by_thread ON invocations (thread_id);
CREATE INDEX invocations_by_start ON invocations (started_at_ms);
CREATE INDEX invocations_running ON invocations (status) WHERE status = 'running';

CREATE TABLE responses_new (
  id INTEGER PRIMARY KEY,
  invocation_id TEXT REFERENCES invocations (id) ON DELETE CASCADE,
  provider TEXT NOT NULL,
  thread_id TEXT NOT NULL,
  response_key TEXT NOT NULL,
  turn_id TEXT,
  root_turn_id TEXT,
  model TEXT NOT NULL,
  service_tier TEXT,
  input_tokens INTEGER NOT NULL,
  cached_input_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  cache_write_1h_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  evidence TEXT NOT NULL,
  source TEXT NOT NULL,
  cost_nano_usd INTEGER,
  price TEXT,
  completed_at_ms INTEGER NOT NULL,
  recorded_at_ms INTEGER NOT NULL,
  UNIQUE (thread_id, response_key)
) STRICT;
INSERT INTO responses_new SELECT id, invocation_id, 'codex', thread_id, response_key, turn_id, root_turn_id, model,
  service_tier, input_tokens, cached_input_tokens, cache_write_tokens, 0, output_tokens, reasoning_tokens, evidence,
  source, cost_nano_usd, price, completed_at_ms, recorded_at_ms FROM responses;
DROP TABLE responses;
ALTER TABLE responses_new RENAME TO responses;
CREATE INDEX responses_by_invocation ON responses (invocation_id) WHERE invocation_id IS NOT NULL;
CREATE INDEX responses_by_time ON responses (completed_at_ms);
CREATE UNIQUE INDEX responses_of_claude ON responses (response_key) WHERE provider = 'claude';

CREATE TABLE threads (
  id TEXT PRIMARY KEY,
  provider TEXT NOT NULL,
  root_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  cwd TEXT,
  cli_version TEXT,
  started_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX threads_by_root ON threads (root_id);

CREATE TABLE history_files (
  path TEXT PRIMARY KEY,
  provider TEXT NOT NULL,
  thread_id TEXT,
  size_bytes INTEGER NOT NULL,
  modified_at_ms REAL NOT NULL,
  read_bytes INTEGER NOT NULL,
  state TEXT,
  responses INTEGER NOT NULL,
  unreadable_lines INTEGER NOT NULL,
  problem TEXT,
  imported_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE buckets (
  start_ms INTEGER NOT NULL,
  provider TEXT NOT NULL,
  project_id TEXT NOT NULL,
  model TEXT NOT NULL,
  source TEXT NOT NULL,
  responses INTEGER NOT NULL,
  unpriced_responses INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  cached_input_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  cost_nano_usd INTEGER,
  PRIMARY KEY (start_ms, provider, project_id, model, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE rate_limits (
  provider TEXT NOT NULL,
  limit_id TEXT NOT NULL,
  window_minutes INTEGER NOT NULL,
  used_percent REAL NOT NULL,
  resets_at_ms INTEGER,
  observed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (provider, limit_id, window_minutes)
) STRICT, WITHOUT ROWID;

CREATE TABLE original_costs (
  response_id INTEGER PRIMARY KEY REFERENCES responses (id) ON DELETE CASCADE,
  cost_nano_usd INTEGER,
  price TEXT,
  repriced_at_ms INTEGER NOT NULL
) STRICT;

INSERT INTO buckets
SELECT r.completed_at_ms / 900000 * 900000, 'codex', i.project_id, r.model, r.source,
  count(*), count(*) - count(r.cost_nano_usd), sum(r.input_tokens), sum(r.cached_input_tokens),
  sum(r.cache_write_tokens), sum(r.output_tokens), sum(r.reasoning_tokens), sum(r.cost_nano_usd)
FROM responses r JOIN invocations i ON i.id = r.invocation_id GROUP BY 1, 2, 3, 4, 5;

-- To version 3
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

-- To version 4
CREATE INDEX history_files_by_version ON history_files (path, size_bytes, modified_at_ms, problem);

-- To version 5
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

-- To version 6
UPDATE history_files SET size_bytes = -1, read_bytes = 0, state = NULL
WHERE provider = 'codex'
  AND iif(thread_id IS NULL, responses > 0, NOT EXISTS (
    SELECT 1 FROM threads t WHERE t.id = history_files.thread_id AND t.cwd IS NOT NULL));

-- To version 7
ALTER TABLE invocations ADD COLUMN thread_known_by TEXT;

-- To version 8
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

-- To version 9
ALTER TABLE invocations ADD COLUMN front_pid INTEGER;

-- To version 10
ALTER TABLE invocations ADD COLUMN work_tree TEXT;
ALTER TABLE invocations ADD COLUMN repository TEXT;
ALTER TABLE invocations ADD COLUMN output_path TEXT;

CREATE TABLE mirrored (
  target TEXT NOT NULL,
  invocation_id TEXT NOT NULL REFERENCES invocations (id) ON DELETE CASCADE,
  project_id TEXT NOT NULL,
  run_id TEXT,
  state TEXT NOT NULL,
  estimate_id TEXT,
  estimate TEXT,
  changed_at_ms INTEGER NOT NULL,
  PRIMARY KEY (target, invocation_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX mirrored_by_estimate ON mirrored (target, estimate_id) WHERE estimate_id IS NOT NULL;
CREATE INDEX mirrored_by_time ON mirrored (target, changed_at_ms);
CREATE INDEX invocations_by_end ON invocations (ended_at_ms);
