import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { findConfigFolder } from '../files/platform.js';

export const CONFIG_FILE_NAME = 'codex-metered.toml';

export interface FoundFile {
  readonly path: string;
  readonly origin: 'project file' | 'user file';
}

export interface ConfigSearch {
  /** Where Codex works, or the reader of a report stands. */
  readonly cwd: string;
  /** The topmost folder to search for a project file: the work tree's, or `cwd` itself outside of any. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Something at the path of a configuration file that cannot be one, and why. */
export interface UnsuitableFile {
  readonly path: string;
  readonly reason: string;
}

/** No configuration is larger. */
export const CONFIG_LIMIT_BYTES = 1024 * 1024;

/** The configuration files that are there, the one that wins first: the project's nearest one, then the user's. */
export function findConfigFiles(places: ConfigSearch): { found: FoundFile[]; unsuitable: UnsuitableFile[] } {
  const [project, user] = listCandidates(places);
  const unsuitable = [...project, user].flatMap((path) => {
    const found = inspectPath(path);
    return typeof found === 'string' ? [] : [{ path, ...found }];
  });
  const found = listConfigLocations(places).flatMap(({ path, origin, exists }) => (exists ? [{ path, origin }] : []));
  return { found, unsuitable };
}

/** Lists where the configuration files are, or, when there is none, the last path that was searched. */
export function listConfigLocations(places: ConfigSearch): (FoundFile & { readonly exists: boolean })[] {
  const [candidates, user] = listCandidates(places);
  const project = candidates.find(isFile);
  return [
    { path: project ?? candidates.at(-1) ?? '', origin: 'project file', exists: project !== undefined },
    { path: user, origin: 'user file', exists: user !== project && isFile(user) },
  ];
}

function listCandidates({ cwd, root, env }: ConfigSearch): [project: string[], user: string] {
  const project = foldersUpTo(cwd, root).map((folder) => join(folder, CONFIG_FILE_NAME));
  return [project, join(readConfigFolder(env), CONFIG_FILE_NAME)];
}

/** The folder of the user's own configuration file. */
export function readConfigFolder(env: NodeJS.ProcessEnv): string {
  return env.XDG_CONFIG_HOME ? resolve(env.XDG_CONFIG_HOME, 'codex-metered') : findConfigFolder(env);
}

function foldersUpTo(folder: string, root: string): string[] {
  return folder === root || folder === dirname(folder) ? [folder] : [folder, ...foldersUpTo(dirname(folder), root)];
}

function isFile(path: string): boolean {
  return inspectPath(path) === 'file';
}

/** Whether there is a file, nothing, or what cannot be a configuration file, and why. */
function inspectPath(path: string): 'file' | 'none' | Pick<UnsuitableFile, 'reason'> {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found) return 'none';
    if (!found.isFile()) return { reason: 'it is not a file' };
    return found.size > CONFIG_LIMIT_BYTES ? { reason: 'it is too large' } : 'file';
  } catch {
    // In a folder without permission to search it.
    return 'none';
  }
}
