import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

export const CONFIG_FILE_NAME = 'codex-metered.toml';

export interface FoundFile {
  readonly path: string;
  readonly origin: 'project file' | 'user file';
}

export interface FilePlaces {
  /** Where Codex works, or the reader of a report stands. */
  readonly cwd: string;
  /** The folder above which no project file is looked for: the work tree's, or `cwd` itself outside of any. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The configuration files that are there, the one that wins first: the project's nearest one, then the user's. */
export function findConfigFiles(places: FilePlaces): FoundFile[] {
  return listConfigPlaces(places).flatMap(({ path, origin, exists }) => (exists ? [{ path, origin }] : []));
}

/** Where they are, or would be looked for last. */
export function listConfigPlaces({ cwd, root, env }: FilePlaces): (FoundFile & { readonly exists: boolean })[] {
  const candidates = foldersUpTo(cwd, root).map((folder) => join(folder, CONFIG_FILE_NAME));
  const project = candidates.find(isThere);
  const user = join(readConfigFolder(env), CONFIG_FILE_NAME);
  return [
    { path: project ?? candidates.at(-1) ?? '', origin: 'project file', exists: project !== undefined },
    { path: user, origin: 'user file', exists: user !== project && isThere(user) },
  ];
}

/**
 * The folder of the user's own configuration file. It is the one of env-paths, which must not be loaded before Codex is
 * started: it imports `node:process`, and stand-ins.ts says what comes of that.
 */
export function readConfigFolder(env: NodeJS.ProcessEnv): string {
  if (env.XDG_CONFIG_HOME) return resolve(env.XDG_CONFIG_HOME, 'codex-metered');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Preferences', 'codex-metered');
  if (process.platform !== 'win32') return join(homedir(), '.config', 'codex-metered');
  return join(env.APPDATA || join(homedir(), 'AppData', 'Roaming'), 'codex-metered', 'Config');
}

function foldersUpTo(folder: string, root: string): string[] {
  return folder === root || folder === dirname(folder) ? [folder] : [folder, ...foldersUpTo(dirname(folder), root)];
}

function isThere(path: string): boolean {
  try {
    return Boolean(statSync(path, { throwIfNoEntry: false }));
  } catch {
    // In a folder that may not be looked into.
    return false;
  }
}
