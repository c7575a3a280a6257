import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { findStateFolder } from '../files/platform.js';

/** Where codex-metered stores its data. All paths are absolute; none of them need exist. */
export interface Paths {
  readonly database: string;
  readonly stateDirectory: string;
  readonly logFile: string;
  /** Records that could not be written to the database yet. */
  readonly pendingDirectory: string;
  /** For those that could not even be written there: where the disk is full, the system's temporary folder may be another. */
  readonly spareDirectory: string;
  /** Which cost records another program's database has yet to be given. */
  readonly mirrorDirectory: string;
}

/**
 * The paths that `env` asks for: CODEX_METERED_DB and CODEX_METERED_STATE_DIR, or else the platform's folders, which
 * XDG_DATA_HOME and XDG_STATE_HOME move. A variable that is empty counts as not set. A `database` that was set
 * elsewhere wins.
 */
export function readPaths(env: NodeJS.ProcessEnv, database?: string): Paths {
  const platform = envPaths('codex-metered', { suffix: '' });
  const data = env.XDG_DATA_HOME ? join(env.XDG_DATA_HOME, 'codex-metered') : platform.data;
  const state = env.XDG_STATE_HOME ? join(env.XDG_STATE_HOME, 'codex-metered') : findStateFolder(platform);
  const stateDirectory = resolve(env.CODEX_METERED_STATE_DIR || state);
  return {
    database: resolve(database || env.CODEX_METERED_DB || join(data, 'usage.db')),
    stateDirectory,
    logFile: join(stateDirectory, 'codex-metered.log'),
    pendingDirectory: join(stateDirectory, 'pending'),
    mirrorDirectory: join(stateDirectory, 'mirror'),
    spareDirectory: join(tmpdir(), `codex-metered-${nameOf(stateDirectory)}`),
  };
}

/** A name that no other user's, nor another test's, folder has: FNV-1a twice, for which nothing has to be loaded. */
function nameOf(directory: string): string {
  const hashes = [0x811c9dc5, 0xc59d1c81].map((seed) => {
    return Buffer.from(directory).reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), seed);
  });
  return hashes.map((hash) => (hash >>> 0).toString(16).padStart(8, '0')).join('');
}

/** The folder in which Codex keeps its configuration and its session files. */
export function readCodexHome(env: NodeJS.ProcessEnv): string {
  return resolve(env.CODEX_HOME || join(homedir(), '.codex'));
}
