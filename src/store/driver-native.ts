import { fileURLToPath } from 'node:url';
import { requireFrom } from '../node/require.js';
import type { Connection, OpenFileOptions } from './driver.js';
import { missingDriver } from './missing-driver.js';

type Database = new (path: string, options: OpenFileOptions) => Connection;

/** The second one installs the first for the Nodes that need it, and alone sees it where packages are kept apart. */
const PACKAGES = ['better-sqlite3', 'codex-metered-sqlite'];

let loaded: Database | undefined;

/** Opens the file with better-sqlite3. Throws a StoreError that says how to install it where it does not load. */
export function openNative(path: string, options: OpenFileOptions): Connection {
  loaded ??= load();
  try {
    return new loaded(path, options);
  } catch (error) {
    // The native part is loaded for the first database.
    throw isNotLoaded(error) ? missingDriver(error, fileURLToPath(import.meta.url)) : error;
  }
}

function load(): Database {
  const requireHere = requireFrom(import.meta.url);
  let fault: unknown;
  for (const name of PACKAGES) {
    try {
      return requireHere(name) as Database;
    } catch (error) {
      fault ??= error;
    }
  }
  throw missingDriver(fault, fileURLToPath(import.meta.url));
}

function isNotLoaded(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return code === 'ERR_DLOPEN_FAILED' || code === 'MODULE_NOT_FOUND' || /bindings file/.test(message ?? '');
}
