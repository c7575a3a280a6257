import { existsSync } from 'node:fs';
import { type BuiltinStatement, openStatement, translating } from './builtin-statement.js';
import type { Connection, OpenFileOptions, Statement } from './driver.js';

/** What is used of `node:sqlite`: the types of Node 20, which has no such module, do not know it. */
interface BuiltinModule {
  readonly DatabaseSync: new (path: string, options: { readonly readOnly: boolean }) => BuiltinDatabase;
  readonly StatementSync: { readonly prototype: BuiltinStatement };
}

interface BuiltinDatabase {
  readonly isOpen: boolean;
  readonly isTransaction: boolean;
  prepare(sql: string): BuiltinStatement;
  exec(sql: string): void;
  close(): void;
}

/** As better-sqlite3 has it. */
const DEFAULT_TIMEOUT_MS = 5000;

let found: BuiltinModule | undefined | 'not looked for' = 'not looked for';

/** Opens the file with Node's own SQLite; undefined where Node has none, or one that lacks what is needed here. */
export function openBuiltin(path: string, options: OpenFileOptions): Connection | undefined {
  if (found === 'not looked for') found = findModule();
  if (!found) return undefined;
  const { DatabaseSync } = found;
  return translating(() => {
    if (options.fileMustExist && !existsSync(path)) throw cannotOpen(path);
    const database = new DatabaseSync(path, { readOnly: options.readonly ?? false });
    // The constructor's own option came later than the module.
    database.exec(`PRAGMA busy_timeout = ${options.timeout ?? DEFAULT_TIMEOUT_MS}`);
    return new BuiltinConnection(database);
  });
}

function findModule(): BuiltinModule | undefined {
  const { emitWarning } = process;
  // Node 22 says on standard error, which is the caller's, that this module is an experiment.
  process.emitWarning = () => {};
  try {
    const module = process.getBuiltinModule('node:sqlite') as unknown as BuiltinModule;
    const { prototype } = module.StatementSync;
    // Node 22.16 and 24 have both of these.
    const suffices = 'setReturnArrays' in prototype && 'setAllowUnknownNamedParameters' in prototype;
    return suffices ? module : undefined;
  } catch {
    return undefined;
  } finally {
    process.emitWarning = emitWarning;
  }
}

class BuiltinConnection implements Connection {
  readonly #database: BuiltinDatabase;

  constructor(database: BuiltinDatabase) {
    this.#database = database;
  }

  prepare(sql: string): never {
    return this.#prepare(sql) as never;
  }

  exec(sql: string): void {
    translating(() => this.#database.exec(sql));
  }

  pragma(text: string, { simple = false } = {}): unknown {
    const rows = this.#prepare(`PRAGMA ${text}`);
    return simple ? rows.pluck().all()[0] : rows.all();
  }

  transaction<Values extends unknown[], Result>(operate: (...values: Values) => Result) {
    const begin =
      (sql: string) =>
      (...values: Values): Result =>
        this.#enclose(() => operate(...values), this.#database.isTransaction ? PART : { ...WHOLE, begin: sql });
    return Object.assign(begin('BEGIN'), { deferred: begin('BEGIN DEFERRED'), immediate: begin('BEGIN IMMEDIATE') });
  }

  close(): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #enclose<Result>(operate: () => Result, { begin, commit, undo }: typeof PART): Result {
    this.exec(begin);
    try {
      const result = operate();
      this.exec(commit);
      return result;
    } catch (error) {
      // SQLite takes the whole transaction back itself where the disk is full, for instance.
      if (this.#database.isTransaction) for (const sql of undo) this.exec(sql);
      throw error;
    }
  }

  #prepare(sql: string): Statement {
    return translating(() => openStatement(this.#database.prepare(sql), sql));
  }
}

const WHOLE = { commit: 'COMMIT', undo: ['ROLLBACK'] };
/** A transaction within another one. */
const PART = { begin: 'SAVEPOINT part', commit: 'RELEASE part', undo: ['ROLLBACK TO part', 'RELEASE part'] };

function cannotOpen(path: string): Error {
  return Object.assign(new Error(`unable to open database file ${path}`), { code: 'SQLITE_CANTOPEN' });
}
