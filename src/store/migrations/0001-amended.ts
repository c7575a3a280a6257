import type { Connection } from '../driver.js';

/** The first step of the schema had no Codex's process and no such index for its first 25 commits, which nobody released. */
const AMENDMENT = `
  ALTER TABLE invocations ADD COLUMN codex_pid INTEGER NOT NULL DEFAULT 0;
  UPDATE invocations SET codex_pid = meter_pid;
  CREATE INDEX invocations_running ON invocations (status) WHERE status = 'running';
`;

/** Makes of a database of version 1 what the first step makes today. */
export function amendFirstSchema(connection: Connection): void {
  const has = connection.prepare("SELECT 1 FROM pragma_table_info('invocations') WHERE name = 'codex_pid'").get();
  if (!has) connection.exec(AMENDMENT);
}
