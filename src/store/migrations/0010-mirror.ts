/**
 * Which invocations stand in another program's table of cost records, and what they took the place of there. Beside that,
 * where an invocation works, by which that program's projects are found.
 */
export const MIRROR = `
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
`;
