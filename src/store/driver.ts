import { openBuiltin } from './driver-builtin.js';
import { openNative } from './driver-native.js';

/** Values by place, or by name in an object; names that the statement does not have are passed over. */
export interface Statement<Values extends unknown[] = unknown[], Row = unknown> {
  all(...values: Values): Row[];
  get(...values: Values): Row | undefined;
  iterate(...values: Values): IterableIterator<Row>;
  run(...values: Values): { readonly changes: number };
  /** From then on a row is its first column. */
  pluck(): this;
  /** From then on a row is a list of its columns. */
  raw(): this;
}

export interface Transaction<Values extends unknown[], Result> {
  (...values: Values): Result;
  deferred(...values: Values): Result;
  immediate(...values: Values): Result;
}

/** A database as this program uses it, whichever SQLite is behind it. An error of SQLite's has its code's name as `code`. */
export interface Connection {
  prepare<Values extends unknown[] | object = unknown[], Row = unknown>(
    sql: string,
  ): Values extends unknown[] ? Statement<Values, Row> : Statement<[Values], Row>;
  exec(sql: string): void;
  pragma(text: string, options?: { readonly simple?: boolean }): unknown;
  /** A call is a transaction, taken back when `operate` throws; within another one, a part of it that is taken back alone. */
  transaction<Values extends unknown[], Result>(operate: (...values: Values) => Result): Transaction<Values, Result>;
  close(): void;
}

export interface OpenFileOptions {
  readonly readonly?: boolean;
  /** Do not make the file. */
  readonly fileMustExist?: boolean;
  /** How long one statement may wait for another process's lock: 5 s where nothing is said. */
  readonly timeout?: number;
}

/**
 * Opens the file with the SQLite that Node brings, or with better-sqlite3 where Node brings none that suffices. Whoever
 * has better-sqlite3 and a newer Node uses Node's: one rule, not what happens to be installed.
 */
export function openDatabase(path: string, options: OpenFileOptions = {}): Connection {
  return openBuiltin(path, options) ?? openNative(path, options);
}

/** Which SQLite `openDatabase` opens with. Throws a StoreError where there is none. */
export function describeDriver(): string {
  const builtin = openBuiltin(':memory:', {});
  const connection = builtin ?? openNative(':memory:', {});
  try {
    const version = connection.prepare<[], string>('SELECT sqlite_version()').pluck().get();
    return `SQLite ${version}, of ${builtin ? `Node ${process.version}` : 'better-sqlite3'}`;
  } finally {
    connection.close();
  }
}
