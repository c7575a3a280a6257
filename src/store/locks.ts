import { rmSync } from 'node:fs';
import { type Connection, openDatabase } from './driver.js';
import { createPrivately } from './open.js';
import { isSqliteError } from './sqlite-error.js';

/** Held by one process at a time. */
export interface Lock {
  release(): void;
}

/**
 * Takes the lock on something that is done with the database at `path`, or returns undefined while another process, or another
 * place in this one, holds it. It is SQLite's own lock on an empty file beside the database, which the system releases when its
 * holder dies. Where that file cannot be made or locked, the work goes on without: two imports record each response once as
 * well. `push-…`: what is pushed to a target; `watch`: watching the database for a push; `export`: what is sent to a collector.
 */
export function takeLock(path: string, name: 'import' | 'watch' | 'export' | `push-${string}`): Lock | undefined {
  const lockPath = `${path}-${name}`;
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
    // The next one finds it and locks it.
  }
  connection.close();
}
