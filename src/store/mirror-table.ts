import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { messageOf } from '../errors.js';
import { explainingFaults } from './open.js';
import type { Store } from './store.js';

/** The columns of a `cost_records` that another program owns. It may have more. */
const COLUMNS = [
  ...['id', 'project_id', 'run_id', 'category', 'input_tokens', 'output_tokens', 'is_actual', 'model'],
  ...['input_cost_per_1k', 'output_cost_per_1k', 'total_cost_usd', 'description', 'created_at'],
];

const OTHERS = COLUMNS.slice(1);

// An update before an insert asks nothing of the table's keys, and leaves its other columns alone.
const UPDATE = `UPDATE cost_records SET ${OTHERS.map((name) => `${name} = @${name}`).join(', ')} WHERE id = @id`;
const INSERT = `INSERT INTO cost_records (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map((name) => `@${name}`).join(', ')})`;
/** Better evidence can have moved the last response of a record to another. Our ids begin with the invocation's. */
const DELETE_OLD = `
  DELETE FROM cost_records WHERE id >= @prefix AND id < @prefix || char(0x10FFFF)
    AND id NOT IN (SELECT value FROM json_each(@ids))`;

type Row = Readonly<Record<string, unknown>> & { readonly id: string };

/** Why an entry was not mirrored; `locked` may pass in a moment. */
export interface MirrorFault {
  readonly invocationId: string;
  readonly kind: 'locked' | 'refused';
  readonly reason: string;
}

/**
 * Makes the cost records of `invocationIds` in the database at `path` what they are in `store`. Each invocation is
 * taken whole or not at all; returns those that were not. Never throws.
 */
export function mirrorCostRecords(store: Store, path: string, invocationIds: readonly string[]): MirrorFault[] {
  let target: Database.Database | undefined;
  try {
    assertFile(path);
    target = explainingFaults(path, () => new Database(path, { fileMustExist: true, timeout: 0 }));
    const write = prepareWrite(target, store);
    const writeEach = () => invocationIds.flatMap((id) => attempt(write, id));
    try {
      // One change, because the other program's database waits for its disk at the end of each.
      return target.transaction(writeEach).immediate();
    } catch (error) {
      // A constraint that is looked at last refuses the whole change for one invocation's sake.
      if (!/CONSTRAINT/.test(codeOf(error))) throw error;
      return writeEach();
    }
  } catch (error) {
    return invocationIds.map((id) => describe(id, error));
  } finally {
    target?.close();
  }
}

/** SQLite is not asked to open what is none of its files: a pipe, a device, a folder. */
function assertFile(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found && !found.isFile()) throw new Error(`${path} is not a file`);
}

type Write = (invocationId: string) => void;

function prepareWrite(target: Database.Database, store: Store): Write {
  target.pragma('foreign_keys = ON');
  const [update, insert, deleteOld] = [UPDATE, INSERT, DELETE_OLD].map((sql) => target.prepare(sql));
  return target.transaction((invocationId: string) => {
    const rows = readRows(store, invocationId);
    deleteOld?.run({ prefix: `${invocationId}/`, ids: JSON.stringify(rows.map(({ id }) => id)) });
    for (const row of rows) if (update?.run(row).changes === 0) insert?.run(row);
  });
}

function attempt(write: Write, invocationId: string): MirrorFault[] {
  try {
    write(invocationId);
    return [];
  } catch (error) {
    return [describe(invocationId, error)];
  }
}

function readRows(store: Store, invocationId: string): Row[] {
  return store.connection
    .prepare<[string], Row>(`SELECT ${COLUMNS.join(', ')} FROM cost_records WHERE invocation_id = ?`)
    .all(invocationId);
}

function describe(invocationId: string, error: unknown): MirrorFault {
  const code = codeOf(error);
  const kind = /^SQLITE_(BUSY|LOCKED)/.test(code) ? 'locked' : 'refused';
  const reason = /FOREIGNKEY/.test(code) ? 'its projects or runs have no row of that id yet' : messageOf(error);
  return { invocationId, kind, reason };
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? '';
}
