import { rmSync } from 'node:fs';
import { type Connection, openDatabase } from './driver.js';
import { createPrivately } from './open.js';
import { isSqliteError } from './sqlite-error.js';

/** Held by one process at a time. */
export interface Lock {
  release(): void;
}

/**
 * Takes the lock on imports into the database at `path`, or returns undefined while another process or another import in this
 * one holds it. It is SQLite's own lock on an empty file beside the database, which the system releases when its holder dies.
 * Where that file cannot be made or locked, the import goes on without: two of them record each response once as well.
 */
export function takeImportLock(path: string): Lock | undefined {
  return takeLock(`${path}-import`);
}

/** Takes the lock on what is pushed from the database at `path` to a target; undefined while another process has it. */
export function takePushLock(path: string, target: string): Lock | undefined {
  return takeLock(`${path}-push-${target}`);
}

/** Takes the lock on watching the database for a push; undefined while another process has it. */
export function takeWatchLock(path: string): Lock | undefined {
  return takeLock(`${path}-watch`);
}

/** Takes the lock on sending differences from the database at `path` to a collector; undefined while another process has it. */
export function takeExportLock(path: string): Lock | undefined {
  return takeLock(`${path}-export`);
}

function takeLock(lockPath: string): Lock | undefined {
  let connection: Connection | undefined;
  try {
    createPrivately(lockPath);
    connection = openDatabase(lockPath, { timeout: 0 });
    connection.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    connection?.close();
    const isHeld = isSqliteError(error) && /^SQLITE_BUSY/.test((error as { code?: string }).code ?? '');
    return isHeld ? undefined : { release: () => undefined };
  }
  return { release: () => release(connection, lockPath) };
}

/** The file goes before the lock does. Where it cannot be removed, as while it is open on Windows, it is used again. */
function release(connection: Connection, lockPath: string): void {
  try {
    rmSync(lockPath, { force: true });
  } catch {
    // The next import finds it and locks it.
  }
  connection.close();
}
