/**
 * The tables that a new database is made with, as version 10 of the schema had them. Later versions are steps of
 * migrations.ts, which a new database takes as well. docs/schema.md says what each column means.
 */
export const SCHEMA = `
CREATE TABLE invocations (
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
  ended_at_ms INTEGER,
  thread_known_by TEXT,
  front_pid INTEGER,
  work_tree TEXT,
  repository TEXT,
  output_path TEXT
) STRICT;
CREATE INDEX invocations_by_run ON invocations (run_id, phase, iteration);
CREATE INDEX invocations_by_thread ON invocations (thread_id);
CREATE INDEX invocations_by_start ON invocations (started_at_ms);
CREATE INDEX invocations_running ON invocations (status) WHERE status = 'running';
CREATE INDEX invocations_by_end ON invocations (ended_at_ms);
CREATE TABLE response_rows (
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
  fees TEXT,
  cost_extent TEXT NOT NULL DEFAULT 'whole',
  UNIQUE (thread_id, response_key)
) STRICT;
CREATE INDEX responses_by_invocation ON response_rows (invocation_id) WHERE invocation_id IS NOT NULL;
CREATE INDEX responses_by_time ON response_rows (completed_at_ms);
CREATE UNIQUE INDEX responses_of_claude ON response_rows (response_key) WHERE provider = 'claude';
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
  imported_at_ms INTEGER NOT NULL,
  untold_responses INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX history_files_by_version ON history_files (path, size_bytes, modified_at_ms, problem);
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
  response_id INTEGER PRIMARY KEY REFERENCES response_rows (id) ON DELETE CASCADE,
  cost_nano_usd INTEGER,
  price TEXT,
  repriced_at_ms INTEGER NOT NULL
) STRICT;
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
`;
