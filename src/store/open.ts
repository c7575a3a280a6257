import { chmodSync, closeSync, existsSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { StoreError, type StoreProblem } from '../errors.js';
import { makeFolder } from '../files/folders.js';
import { isRegularFile } from '../files/regular-file.js';
import { type Connection, openDatabase } from './driver.js';
import { LATEST_VERSION, migrate } from './migrations.js';

export type { Connection };

export interface OpenOptions {
  /**
   * `write` creates the database. `read` is for reports: one that does not exist is a `missing` error, and one of an earlier
   * version is brought up to date. `read-only` changes nothing: of an earlier version it says what to do.
   */
  readonly mode: 'read' | 'read-only' | 'write';
  /** How long one statement may wait for another process's lock before it fails as `locked`. */
  readonly busyTimeoutMs?: number;
}

/**
 * Opens the database at `path` and brings its schema up to date. The file and its folder are the user's alone
 * (0600 and 0700). Throws a StoreError.
 */
export function openConnection(path: string, { mode, busyTimeoutMs = 0 }: OpenOptions): Connection {
  return explainingFaults(path, () => {
    if (mode !== 'write' && !existsSync(path)) {
      throw new StoreError('missing', `There is no database at ${path} yet: nothing has been metered.`);
    }
    if (mode === 'read-only') return openReadOnly(path, busyTimeoutMs);
    createPrivately(path);
    const connection = openDatabase(path, { timeout: busyTimeoutMs });
    try {
      connection.pragma('journal_mode = WAL');
      connection.pragma('synchronous = NORMAL');
      // A step that makes a table anew drops the old one: its rows must not take those that refer to them along.
      connection.pragma('foreign_keys = OFF');
      bringUpToDate(connection, path);
      connection.pragma('foreign_keys = ON');
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  });
}

/** Runs `operate`; what SQLite or the file system throws becomes a StoreError that names `path` and what to do. */
export function explainingFaults<T>(path: string, operate: () => T): T {
  try {
    return operate();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const code = (error as { code?: string }).code ?? '';
    const [problem, advice] = diagnose(code, String(error));
    throw new StoreError(problem, `The database ${path} ${advice} (${code || String(error)}).`, { cause: error });
  }
}

function diagnose(code: string, message: string): [StoreProblem, string] {
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return ['locked', 'is locked by another process: try again'];
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) {
    return ['corrupt', 'is not a readable SQLite database: move it away, and a new one is made'];
  }
  if (/^(SQLITE_FULL|ENOSPC|EDQUOT)/.test(code)) return ['full', 'cannot grow, the disk is full: free some space'];
  if (/^(SQLITE_(READONLY|CANTOPEN|PERM|AUTH)|EACCES|EPERM|EROFS|ENOTDIR|EISDIR|EEXIST)/.test(code)) {
    return ['unwritable', 'cannot be written: check its permissions or set CODEX_METERED_DB to another path'];
  }
  if (code === 'SQLITE_ERROR' && /no such (column|table)|no column named/.test(message)) {
    return [
      'other',
      'lacks a part of its schema, as one made between two releases does: move it away, and import again',
    ];
  }
  if (isRefusal(code, message)) return ['refused', 'does not take what it was given'];
  return ['other', 'could not be used'];
}

/** A value or a sum of the wrong kind, of SQLite's own errors or of those that better-sqlite3 throws before it is asked. */
function isRefusal(code: string, message: string): boolean {
  if (/^SQLITE_(CONSTRAINT|MISMATCH|RANGE|TOOBIG)/.test(code)) return true;
  if (code === 'SQLITE_ERROR') return /integer overflow|malformed JSON/.test(message);
  return code === '' && !/connection is not open|connection is busy/.test(message);
}

/** Whether `error` says that a database cannot be used now, and not that one change is wrong. */
export function isFaultOfDatabase(error: unknown): boolean {
  return error instanceof StoreError && error.problem !== 'refused';
}

/**
 * Creates an empty file for a database where there is none. A file that is there is not even opened: to close it again would
 * take away the locks that other connections of this process have on it, because POSIX locks are a process's and not a
 * descriptor's. Throws what the file system throws, and for a named pipe, on which SQLite would wait for ever.
 */
export function createPrivately(path: string): void {
  if (path === ':memory:' || isRegularFile(path)) return;
  makeFolder(dirname(path));
  try {
    closeSync(openSync(path, 'wx', 0o600));
    chmodSync(path, 0o600);
  } catch (error) {
    // Another process or thread has just made it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function openReadOnly(path: string, timeout: number): Connection {
  isRegularFile(path);
  const connection = openDatabase(path, { timeout, readonly: true, fileMustExist: true });
  try {
    if (readVersion(connection, path) === LATEST_VERSION) return connection;
    throw new StoreError(
      'other',
      `The database ${path} was made by an earlier codex-metered: "codex-usage run" brings it up to date.`,
    );
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** Throws a StoreError where a later codex-metered has made the database. */
function readVersion(connection: Connection, path: string): number {
  const version = connection.pragma('user_version', { simple: true }) as number;
  if (version <= LATEST_VERSION) return version;
  throw new StoreError(
    'newer',
    `The database ${path} was made by a newer codex-metered: update codex-metered, or set CODEX_METERED_DB to another path.`,
  );
}

function bringUpToDate(connection: Connection, path: string): void {
  const version = () => readVersion(connection, path);
  if (version() === LATEST_VERSION) return;
  // Two processes may open a new database at once: the second one waits, then finds nothing left to do.
  connection
    .transaction(() => {
      if (version() < LATEST_VERSION) migrate(connection, version());
    })
    .immediate();
}
