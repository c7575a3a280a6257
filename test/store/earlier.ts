import { join } from 'node:path';
import { type Connection, openDatabase } from '../../src/store/driver.js';
import { SCHEMA } from '../../src/store/migrations/schema.js';
import { createFolder } from './samples.js';

/** What the table `invocations` was given by steps after the second one. */
const LATER = ['thread_known_by', 'front_pid', 'work_tree', 'repository', 'output_path', 'invocations_by_end'];
const FIRST_INVOCATIONS = asInVersion10(
  'invocations',
  ...['origin', 'context_tokens', 'context_window_tokens', 'budget', ...LATER],
).replace(/(codex_home|codex_path|meter_pid|codex_pid) (\w+)/g, '$1 $2 NOT NULL');
const FIRST_RESPONSES = responses('provider', 'cache_write_1h_tokens', 'responses_of_claude')
  .replace('invocation_id TEXT', 'invocation_id TEXT NOT NULL')
  .replace(' WHERE invocation_id IS NOT NULL', '');

/**
 * The steps in which the schema grew to version 10: the first one makes version 1. Impossible counts, which a program of version
 * 8 removed, are the matter of possible-counts.test.ts. Views had more to them, but are made anew by each program.
 */
export const STEPS: readonly string[] = [
  `${FIRST_INVOCATIONS}; ${FIRST_RESPONSES}; ${asInVersion10('cost_records')}; ${asInVersion10('notes')};`,
  `${remake(FIRST_INVOCATIONS, asInVersion10('invocations', ...LATER), { origin: "'metered'" })}
   ${remake(FIRST_RESPONSES, responses(), { provider: "'codex'", cache_write_1h_tokens: '0' })}
   ${['threads', 'buckets', 'rate_limits'].map((table) => asInVersion10(table)).join(';')};
   ${asInVersion10('history_files', 'untold_responses', 'history_files_by_version')};
   ${asInVersion10('original_costs').replace('response_rows', 'responses')};
   INSERT INTO buckets
   SELECT r.completed_at_ms / 900000 * 900000, 'codex', i.project_id, r.model, r.source,
     count(*), count(*) - count(r.cost_nano_usd), sum(r.input_tokens), sum(r.cached_input_tokens),
     sum(r.cache_write_tokens), sum(r.output_tokens), sum(r.reasoning_tokens), sum(r.cost_nano_usd)
   FROM responses r JOIN invocations i ON i.id = r.invocation_id GROUP BY 1, 2, 3, 4, 5;`,
  `ALTER TABLE responses RENAME TO response_rows; ${asInVersion10('response_packs')};
   CREATE VIEW packed_responses AS SELECT * FROM response_packs;
   CREATE VIEW packed_sums AS SELECT * FROM response_packs;
   CREATE VIEW responses AS SELECT * FROM response_rows;`,
  'CREATE INDEX history_files_by_version ON history_files (path, size_bytes, modified_at_ms, problem);',
  `ALTER TABLE response_rows ADD COLUMN fees TEXT;
   ALTER TABLE response_rows ADD COLUMN cost_extent TEXT NOT NULL DEFAULT 'whole';
   UPDATE OR IGNORE response_rows SET response_key =
     iif(instr(response_key, ':') > 0, substr(response_key, 1, instr(response_key, ':') - 1), response_key)
     || '@' || completed_at_ms
   WHERE provider = 'claude' AND response_key NOT LIKE 'at:%';
   ${asInVersion10('session_runs')}; ${asInVersion10('session_copies')};
   ALTER TABLE history_files ADD COLUMN untold_responses INTEGER NOT NULL DEFAULT 0;
   UPDATE history_files SET size_bytes = -1, read_bytes = 0, state = NULL, responses = 0, unreadable_lines = 0
   WHERE provider = 'claude';`,
  `UPDATE history_files SET size_bytes = -1, read_bytes = 0, state = NULL
   WHERE provider = 'codex' AND iif(thread_id IS NULL, responses > 0, NOT EXISTS (
     SELECT 1 FROM threads t WHERE t.id = history_files.thread_id AND t.cwd IS NOT NULL));`,
  'ALTER TABLE invocations ADD COLUMN thread_known_by TEXT;',
  '',
  'ALTER TABLE invocations ADD COLUMN front_pid INTEGER;',
  `ALTER TABLE invocations ADD COLUMN work_tree TEXT;
   ALTER TABLE invocations ADD COLUMN repository TEXT;
   ALTER TABLE invocations ADD COLUMN output_path TEXT;
   CREATE INDEX invocations_by_end ON invocations (ended_at_ms); ${asInVersion10('mirrored')};`,
];

/** The schema of the first commit that had one. It called itself version 1, and lacks a column and an index of it. */
export const FIRST_OF_ALL = withoutParts(STEPS[0] ?? '', ['codex_pid', 'invocations_running']);

/** The statements by which version 10 makes a table and its indexes, without some of the columns and indexes. */
function asInVersion10(table: string, ...without: string[]): string {
  const makes = new RegExp(`^CREATE (TABLE|(UNIQUE )?INDEX \\w+ ON) ${table} `);
  const statements = SCHEMA.split(/;\n/).filter((statement) => makes.test(statement.trim()));
  return withoutParts(statements.join(';'), without);
}

function responses(...without: string[]): string {
  return asInVersion10('response_rows', 'fees', 'cost_extent', ...without).replaceAll('response_rows', 'responses');
}

function withoutParts(sql: string, names: readonly string[]): string {
  const statements = sql.split(';').filter((statement) => !names.some((name) => statement.includes(`INDEX ${name} `)));
  const isColumn = (line: string) => names.includes(line.trim().split(' ')[0] ?? '');
  const lines = statements.join(';').split('\n');
  return lines
    .filter((line) => !isColumn(line))
    .join('\n')
    .replaceAll(/,\n\)/g, '\n)');
}

/** Makes a table anew that `before` has made. `added`: what rows have in new columns. */
function remake(before: string, after: string, added: Readonly<Record<string, string>>): string {
  const [, table = ''] = /CREATE TABLE (\w+)/.exec(before) ?? [];
  const [create = '', ...indexes] = after.split(';');
  const [definition = ''] = before.split(';');
  const columns = [...definition.matchAll(/^ {2}([a-z_]\w*)/gm)].map(([, column]) => column);
  return `${create.replace(table, `${table}_new`)};
    INSERT INTO ${table}_new (${[...columns, ...Object.keys(added)].join(', ')})
    SELECT ${[...columns, ...Object.values(added)].join(', ')} FROM ${table} ORDER BY rowid;
    DROP TABLE ${table}; ALTER TABLE ${table}_new RENAME TO ${table}; ${indexes.join(';')};`;
}

/** A database of an earlier version, as `fill` makes it. */
export function createEarlier(version: number, fill: (connection: Connection) => void): string {
  const path = join(createFolder(), 'usage.db');
  const connection = openDatabase(path);
  connection.pragma('journal_mode = WAL');
  connection.pragma('foreign_keys = OFF');
  fill(connection);
  connection.pragma(`user_version = ${version}`);
  connection.close();
  return path;
}

/** Makes of a database of today one that an earlier version seems to have left: without what later steps added. */
export function markAsEarlier(connection: Connection, version: number): void {
  const names = (of: Connection, type: string) =>
    of.prepare<[string], string>('SELECT name FROM sqlite_schema WHERE type = ?').pluck().all(type);
  const base = openDatabase(':memory:');
  base.exec(SCHEMA);
  const known = names(base, 'table');
  base.close();
  for (const name of names(connection, 'trigger')) connection.exec(`DROP TRIGGER ${name}`);
  for (const name of names(connection, 'table')) {
    if (!known.includes(name) && !name.startsWith('sqlite_')) connection.exec(`DROP TABLE ${name}`);
  }
  connection.pragma(`user_version = ${version}`);
}
