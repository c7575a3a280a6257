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
  status TEXT NOT NULL,
  exit_code INTEGER,
  signal TEXT,
  started_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER
) STRICT;
CREATE INDEX invocations_by_run ON invocations (run_id, phase, iteration);
CREATE INDEX invocations_by_thread ON invocations (thread_id);
CREATE INDEX invocations_by_start ON invocations (started_at_ms);

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
