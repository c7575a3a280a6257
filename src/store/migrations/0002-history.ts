/**
 * History beside what was metered: responses that no invocation caused, threads that were only read, and sums in
 * small buckets of time, so that a report costs what its buckets cost.
 */
export const HISTORY = `
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
`;
