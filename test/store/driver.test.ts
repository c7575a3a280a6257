import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Connection, OpenFileOptions } from '../../src/store/driver.js';
import { openBuiltin } from '../../src/store/driver-builtin.js';
import { openNative } from '../../src/store/driver-native.js';
import { isSqliteError, nameResultCode } from '../../src/store/sqlite-error.js';
import { createFolder } from './samples.js';

type Open = (path: string, options?: OpenFileOptions) => Connection | undefined;

/** Those that load on this Node: each must do what the store counts on. */
const DRIVERS = (
  [
    ['node:sqlite', (path, options = {}) => openBuiltin(path, options)],
    ['better-sqlite3', (path, options = {}) => openNative(path, options)],
  ] as [string, Open][]
).filter(([, open]) => loads(open));

const opened: Connection[] = [];
afterEach(() => {
  for (const connection of opened.splice(0)) connection.close();
});

it('finds one on every Node', () => {
  expect(DRIVERS).not.toEqual([]);
});

describe.each(DRIVERS)('%s', (_, openOne) => {
  const open: Open = (path, options) => openOne(path, options);

  it('gives rows as objects, as lists and as their first columns', () => {
    const connection = memory(open);
    connection.exec("CREATE TABLE t (a INTEGER, b TEXT); INSERT INTO t VALUES (1, 'one'), (2, 'two')");
    const prepare = () => connection.prepare('SELECT a, b FROM t ORDER BY a');
    expect(
      prepare()
        .all()
        .map((row) => ({ ...(row as object) })),
    ).toEqual([
      { a: 1, b: 'one' },
      { a: 2, b: 'two' },
    ]);
    expect(prepare().raw().all()).toEqual([
      [1, 'one'],
      [2, 'two'],
    ]);
    expect(prepare().pluck().all()).toEqual([1, 2]);
    expect(prepare().pluck().get()).toBe(1);
    expect([...prepare().pluck().iterate()]).toEqual([1, 2]);
    expect(connection.prepare('SELECT a FROM t WHERE a = 3').pluck().get()).toBeUndefined();
  });

  it('takes values by place or by name, passes over names that are not asked for, and takes undefined for NULL', () => {
    const connection = memory(open);
    expect(connection.prepare<[number, null], unknown>('SELECT ? + 1, ?').raw().get(1, null)).toEqual([2, null]);
    const named = connection.prepare<object, unknown>('SELECT @a, @b').raw();
    expect(named.get({ a: 'x', b: undefined, c: 3 })).toEqual(['x', null]);
  });

  it('reads an integer beyond 2^53 as the nearest number, in every way of reading', () => {
    const connection = memory(open);
    const prepare = () => connection.prepare('SELECT 1 AS n UNION ALL SELECT 9007199254740993 ORDER BY n').pluck();
    expect(prepare().all()).toEqual([1, 2 ** 53]);
    expect([...prepare().iterate()]).toEqual([1, 2 ** 53]);
    expect(connection.prepare('SELECT 9223372036854775807').pluck().get()).toBe(2 ** 63);
    expect(connection.prepare('SELECT 9223372036854775807 AS n').get()).toEqual({ n: 2 ** 63 });
  });

  it('says how many rows a statement has changed', () => {
    const connection = memory(open);
    connection.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)');
    expect(connection.prepare('UPDATE t SET a = a + 1').run().changes).toBe(2);
    expect(connection.prepare('UPDATE t SET a = 0 WHERE a = 9').run().changes).toBe(0);
  });

  it('takes a transaction back that fails, and a part of one alone', () => {
    const connection = memory(open);
    connection.exec('CREATE TABLE t (a)');
    const insert = (a: number) => void connection.prepare<[number]>('INSERT INTO t VALUES (?)').run(a);
    const fail = connection.transaction((a: number) => {
      insert(a);
      throw new Error('no');
    });
    expect(() => fail.immediate(1)).toThrow('no');
    connection
      .transaction(() => {
        insert(2);
        expect(() => fail(3)).toThrow('no');
        insert(4);
      })
      .deferred();
    expect(connection.prepare('SELECT a FROM t').pluck().all()).toEqual([2, 4]);
  });

  it('names what SQLite answers as its documentation does', () => {
    const connection = memory(open);
    connection.exec('PRAGMA foreign_keys = ON; CREATE TABLE t (a INTEGER PRIMARY KEY, b REFERENCES t (a))');
    const codeOf = (sql: string) => {
      try {
        connection.exec(sql);
      } catch (error) {
        expect(isSqliteError(error)).toBe(true);
        return (error as { code?: string }).code;
      }
      return undefined;
    };
    expect(codeOf('INSERT INTO t VALUES (1, 5)')).toBe('SQLITE_CONSTRAINT_FOREIGNKEY');
    expect(codeOf('INSERT INTO t VALUES (1, 1), (1, 1)')).toMatch(/^SQLITE_CONSTRAINT_(PRIMARYKEY|ROWID)/);
    expect(codeOf('SELECT nothing')).toBe('SQLITE_ERROR');
    expect(codeOf("INSERT INTO t VALUES ('x', NULL)")).toBe('SQLITE_MISMATCH');
  });

  it('lets others read while one writes, and waits for a lock as long as it is told', () => {
    const path = join(createFolder(), 'a.db');
    const writer = file(open, path);
    expect(writer.pragma('journal_mode = WAL', { simple: true })).toBe('wal');
    writer.exec('CREATE TABLE t (a); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)');
    const other = file(open, path, { timeout: 200 });
    expect(other.prepare('SELECT count(*) FROM t').pluck().get()).toBe(0);
    const start = performance.now();
    expect(() => other.exec('BEGIN IMMEDIATE')).toThrow(expect.objectContaining({ code: 'SQLITE_BUSY' }));
    expect(performance.now() - start).toBeGreaterThan(190);
    writer.exec('COMMIT');
    expect(other.prepare('SELECT count(*) FROM t').pluck().get()).toBe(1);
  });

  it('lets go of the database where the reader of rows stops halfway', () => {
    const path = join(createFolder(), 'a.db');
    const connection = file(open, path);
    connection.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1), (2), (3)');
    for (const row of connection.prepare('SELECT a FROM t').pluck().iterate()) if (row === 2) break;
    const other = file(open, path, { timeout: 0 });
    other.exec('INSERT INTO t VALUES (4)');
    expect(connection.pragma('wal_checkpoint(TRUNCATE)')).toEqual([expect.objectContaining({ busy: 0 })]);
  });

  it('reads only where it is told to, and makes no file where one must be there', () => {
    const path = join(createFolder(), 'a.db');
    expect(() => open(path, { fileMustExist: true })).toThrow(expect.objectContaining({ code: 'SQLITE_CANTOPEN' }));
    expect(existsSync(path)).toBe(false);
    const writer = file(open, path);
    writer.exec('CREATE TABLE t (a)');
    const reader = file(open, path, { readonly: true });
    expect(() => reader.exec('DROP TABLE t')).toThrow(expect.objectContaining({ code: 'SQLITE_READONLY' }));
  });
});

describe('nameResultCode', () => {
  it.each([
    [5, 'SQLITE_BUSY'],
    [517, 'SQLITE_BUSY_SNAPSHOT'],
    [787, 'SQLITE_CONSTRAINT_FOREIGNKEY'],
    [2067, 'SQLITE_CONSTRAINT_UNIQUE'],
    [14, 'SQLITE_CANTOPEN'],
    [26, 'SQLITE_NOTADB'],
    [778, 'SQLITE_IOERR'],
    [99, 'SQLITE_99'],
  ])('calls %d %s', (code, name) => {
    expect(nameResultCode(code)).toBe(name);
  });
});

function loads(open: Open): boolean {
  try {
    const connection = open(':memory:');
    connection?.close();
    return connection !== undefined;
  } catch {
    return false;
  }
}

function memory(open: Open): Connection {
  return file(open, ':memory:');
}

function file(open: Open, path: string, options: OpenFileOptions = {}): Connection {
  const connection = open(path, options);
  if (!connection) throw new Error('The driver is not there.');
  opened.push(connection);
  return connection;
}
