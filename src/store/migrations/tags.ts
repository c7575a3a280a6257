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
