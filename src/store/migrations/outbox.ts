/**
 * The outbox of codex-usage push: which rows have changed since a target of the fleet was last sent them. triggers.ts fills
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
