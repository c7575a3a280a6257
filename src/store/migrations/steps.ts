/* What has changed since version 10 of the schema. A step that was released is never changed. */

/** Session files that may name a branch are read once more. What is recorded of their responses stays. */
export const READ_FOR_TAGS = `
UPDATE history_files SET size_bytes = -1, read_bytes = 0, state = NULL WHERE provider IN ('codex', 'claude');
`;

/** Version 11: tags of invocations, and of the threads of session files. */
export const ADD_TAGS = `
CREATE TABLE invocation_tags (
  invocation_id TEXT NOT NULL REFERENCES invocations (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  origin TEXT NOT NULL,
  PRIMARY KEY (invocation_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX invocation_tags_by_value ON invocation_tags (key, value);
CREATE TABLE thread_tags (
  thread_id TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  written_at_ms INTEGER NOT NULL,
  PRIMARY KEY (thread_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX thread_tags_by_value ON thread_tags (key, value);
${READ_FOR_TAGS}`;

/**
 * Version 12: the outbox of codex-usage push, which rows have changed since a target of the fleet was last sent them. triggers.ts fills
 * `changes`; decisions/0036 has the reasons.
 */
export const ADD_OUTBOX = `
ALTER TABLE invocations ADD COLUMN surroundings TEXT;
CREATE TABLE store_identity (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  uuid TEXT NOT NULL
) STRICT;
CREATE TABLE push_targets (
  name TEXT PRIMARY KEY,
  store TEXT NOT NULL,
  nonce TEXT,
  next_nonce TEXT,
  settings TEXT NOT NULL,
  cursor_seq INTEGER NOT NULL DEFAULT 0,
  last_tried_ms INTEGER,
  last_ok_ms INTEGER,
  last_error TEXT,
  clock_skew_ms INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE changes (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL,
  key TEXT NOT NULL,
  gone TEXT,
  changed_at_ms INTEGER NOT NULL,
  UNIQUE (kind, key)
) STRICT;
CREATE TABLE set_aside (
  target TEXT NOT NULL,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  reason TEXT NOT NULL,
  set_aside_at_ms INTEGER NOT NULL,
  PRIMARY KEY (target, kind, id)
) STRICT, WITHOUT ROWID;
`;

/**
 * Version 13: what was exported of each counter, so that an exported counter never falls. The rows of target `''` hold the highest value
 * that anybody was shown, those of a named target the value that this target has confirmed.
 */
export const ADD_EXPORTED_COUNTERS = `
CREATE TABLE exported_counters (
  target TEXT NOT NULL,
  counter TEXT NOT NULL,
  labels TEXT NOT NULL,
  value INTEGER NOT NULL,
  exported_at_ms INTEGER NOT NULL,
  PRIMARY KEY (target, counter, labels)
) STRICT, WITHOUT ROWID;
`;

/**
 * Version 14: a database can hold what a pull brought from a fleet. `surroundings` of a thread says whose usage without an
 * invocation is, as that of an invocation does; `pulls` says what was pulled, in its only row.
 */
export const ADD_TEAM = `
ALTER TABLE threads ADD COLUMN surroundings TEXT;
CREATE TABLE pulls (
  target TEXT PRIMARY KEY,
  address TEXT NOT NULL,
  cursor INTEGER NOT NULL,
  since_ms INTEGER NOT NULL,
  pulled_at_ms INTEGER NOT NULL,
  refused TEXT NOT NULL,
  pruned INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

/**
 * Version 15: a target can be sent sums of invocations in place of single responses. `summed` says how many responses of a fleet have
 * come as sums. The triggers that are made anew put an invocation that has lost a response into the outbox.
 */
export const ADD_SUMMED = 'ALTER TABLE pulls ADD COLUMN summed INTEGER NOT NULL DEFAULT 0;';
