import { spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, readSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, isAbsolute, join, resolve } from 'node:path';
import { CodexNotFoundError } from '../errors.js';
import { listCommandNames } from '../files/platform.js';
import { openRegularFile } from '../files/regular-file.js';

export interface LocateOptions {
  /** The Codex that the user named by an option or a variable: a path, or a name that is searched on PATH. */
  readonly wanted: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** The script that runs now, which is never taken for Codex. */
  readonly self: string;
  readonly platform?: NodeJS.Platform;
}

const ADVICE =
  'Install it with "npm install -g @openai/codex", or name it with --meter-codex PATH or CODEX_METERED_CODEX=PATH.';

/**
 * Finds the real Codex: the one that was named, or the first `codex` on PATH that is not codex-metered itself under
 * that name, or else the one that npm has installed beside us. Returns its absolute path. Throws a CodexNotFoundError that says what to do.
 */
export function locateCodex(options: LocateOptions): string {
  const { wanted, cwd, self } = options;
  if (wanted && /[\\/]/.test(wanted)) {
    const path = resolve(cwd, wanted);
    if (!isExecutable(path)) throw new CodexNotFoundError(`There is no executable Codex at ${path}. ${ADVICE}`);
    if (isMeter(path, self)) throw new CodexNotFoundError(`${path} is codex-metered itself, not Codex. ${ADVICE}`);
    return path;
  }
  const name = wanted || 'codex';
  const paths = [...candidates(name, options), ...(wanted ? [] : findNeighbour(self))];
  const found = paths.find((path) => isExecutable(path) && !isMeter(path, self));
  if (found) return found;
  throw new CodexNotFoundError(`No Codex was found: PATH has no "${name}" other than codex-metered. ${ADVICE}`);
}

/** `sudo -u … -- /path/to/codex` runs us with a PATH that has none of npm's commands. */
function findNeighbour(self: string): string[] {
  try {
    const installed = dirname(dirname(dirname(realpathSync(self))));
    return [join(installed, '@openai', 'codex', 'bin', 'codex.js')];
  } catch {
    return [];
  }
}

function candidates(name: string, { env, cwd, platform = process.platform }: LocateOptions): string[] {
  const folders = (env.PATH ?? env.Path ?? '').split(delimiter);
  const names = listCommandNames(name, env, platform);
  // An empty entry means the current folder, as for a shell.
  const absolute = folders.map((folder) => (isAbsolute(folder) ? folder : resolve(cwd, folder)));
  return absolute.flatMap((folder) => names.map((one) => join(folder, one)));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** True for our own script behind any link or copy, and for a small script that calls us: starting it would never end. */
function isMeter(path: string, self: string): boolean {
  try {
    if (realpathSync(path) === realpathSync(self)) return true;
    return readHead(path).includes('codex-metered');
  } catch {
    return false;
  }
}

function readHead(path: string): string {
  const file = openRegularFile(path);
  try {
    const buffer = Buffer.alloc(4096);
    return buffer.toString('latin1', 0, readSync(file, buffer, 0, buffer.length, 0));
  } finally {
    closeSync(file);
  }
}

const TIMEOUT_MS = 20_000;

/** Returns the version that the Codex at `path` prints, such as `codex-cli 0.169.0`, or undefined when it does not answer. */
export function readCodexVersion(path: string, env: NodeJS.ProcessEnv): string | undefined {
  const { status, stdout } = spawnSync(path, ['--version'], { env, encoding: 'utf8', timeout: TIMEOUT_MS });
  return status === 0 ? stdout.trim().split('\n').at(-1) : undefined;
}
