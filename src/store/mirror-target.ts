import { realpathSync, statSync } from 'node:fs';
import { messageOf } from '../errors.js';
import { SOURCES } from '../usage/source.js';
import { type Connection, openDatabase } from './driver.js';

/** The columns of a `cost_records` that another program owns. It may have more. */
export const COLUMNS = [
  ...['id', 'project_id', 'run_id', 'category', 'input_tokens', 'output_tokens', 'is_actual', 'model'],
  ...['input_cost_per_1k', 'output_cost_per_1k', 'total_cost_usd', 'description', 'created_at'],
];

/** The condition for rows of a codex-metered, this one or another: `<invocation>/<model>/<source>`. */
export const OUR_IDS = SOURCES.map((source) => `id GLOB '*/*/${source}'`).join(' OR ');

/** Another program's database, opened. */
export interface Target {
  /** By which our own database knows it: without links, as long as it is there. */
  readonly key: string;
  readonly connection: Connection;
  /** All columns of `cost_records`, in their order. */
  readonly columns: readonly string[];
  /** Those that take no NULL. */
  readonly required: ReadonlySet<string>;
  /** Whether a record must have a row in `projects`. */
  readonly needsProject: boolean;
  /** The columns of its tables `projects` and `runs`; none where there is no such table. */
  readonly projects: ReadonlySet<string>;
  readonly runs: ReadonlySet<string>;
}

/** Why something could not be done in another program's database; `locked` may pass in a moment. */
export interface TargetFault {
  readonly kind: 'locked' | 'refused';
  readonly reason: string;
}

/** How our own database names the file at `path`, however it is reached. */
export function keyOfTarget(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Opens what stands at `path`, for `use`. Throws where that is no such database, with a reason or an error of SQLite's. */
export function withTarget<T>(path: string, mode: 'read' | 'write', use: (target: Target) => T): T {
  assertFile(path);
  const connection = openDatabase(path, { fileMustExist: true, readonly: mode === 'read', timeout: 0 });
  try {
    // Also where the other program leaves that to chance: a row of ours never refers to what is not there.
    connection.pragma('foreign_keys = ON');
    return use(describeTarget(path, connection));
  } finally {
    connection.close();
  }
}

/** SQLite is not asked to open what is none of its files: a pipe, a device, a folder. */
function assertFile(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new Error('there is no such file');
  if (!found.isFile()) throw new Error(`${path} is not a file`);
}

interface Column {
  readonly name: string;
  readonly notnull: number;
  /** Above 0: SQLite computes it. */
  readonly hidden: number;
}

function describeTarget(path: string, connection: Connection): Target {
  const read = (table: string) => connection.pragma(`table_xinfo(${table})`) as Column[];
  const named = (table: string) => new Set(read(table).map(({ name }) => name.toLowerCase()));
  const found = read('cost_records').filter(({ hidden }) => hidden === 0);
  if (found.length === 0) throw new Error('it has no table cost_records');
  const missing = COLUMNS.filter((column) => !found.some(({ name }) => name.toLowerCase() === column));
  if (missing.length > 0) throw new Error(`its table cost_records lacks ${missing.join(', ')}`);
  const keys = connection.pragma('foreign_key_list(cost_records)') as { from: string; table: string }[];
  return {
    key: keyOfTarget(path),
    connection,
    columns: found.map(({ name }) => name),
    required: new Set(found.filter(({ notnull }) => notnull === 1).map(({ name }) => name.toLowerCase())),
    needsProject: keys.some(({ from, table }) => `${from} ${table}`.toLowerCase() === 'project_id projects'),
    projects: named('projects'),
    runs: named('runs'),
  };
}

/** What `error` means, which was thrown while another program's database was read or written. */
export function explainTargetFault(error: unknown): TargetFault {
  const { code = '' } = error as { code?: string };
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return { kind: 'locked', reason: 'it is locked' };
  const known = REASONS.find(([codes]) => codes.test(code))?.[1];
  return { kind: 'refused', reason: known ?? messageOf(error) };
}

const REASONS = [
  [/^SQLITE_(READONLY|CANTOPEN|PERM|AUTH)|^EACCES|^EPERM/, 'it cannot be written: check its permissions'],
  [/^SQLITE_CONSTRAINT_FOREIGNKEY/, 'a row that the record refers to is not there'],
  [/^SQLITE_(NOTADB|CORRUPT)/, 'it is not a readable SQLite database'],
  [/^SQLITE_(FULL|IOERR)/, 'its disk is full, or fails'],
] as const;
