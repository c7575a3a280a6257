import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readRegularFile } from '../files/regular-file.js';

/** The program that is started for the Codex that was found. */
export interface Program {
  readonly path: string;
  /** Variables that are set in Codex's environment in addition to the caller's. Undefined removes a variable. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly kind: 'native' | 'as found';
}

const TARGETS: Readonly<Record<string, readonly [platformPackage: string, triple: string]>> = {
  'linux/x64': ['codex-linux-x64', 'x86_64-unknown-linux-musl'],
  'linux/arm64': ['codex-linux-arm64', 'aarch64-unknown-linux-musl'],
  'darwin/x64': ['codex-darwin-x64', 'x86_64-apple-darwin'],
  'darwin/arm64': ['codex-darwin-arm64', 'aarch64-apple-darwin'],
};

/** The most that is read of the launcher, which has 7 kB in 0.171. */
const LAUNCHER_BYTES = 256 * 1024;

/** The variables that the launcher is known to set. A launcher that sets others is run as it is. */
const KNOWN_VARIABLES = new Set([
  'CODEX_MANAGED_PACKAGE_ROOT',
  'CODEX_MANAGED_BY_NPM',
  'CODEX_MANAGED_BY_BUN',
  'CODEX_MANAGED_BY_PNPM',
  'CODEX_MANAGED_BY_VITE_PLUS',
]);

/**
 * npm's `codex` is a Node script that starts the native Codex beside it: 100 ms that a metered run need not pay
 * twice. Where that script does no more than the one of 0.169 and npm installed it, the native Codex is started
 * directly, with the environment the script would have given it (on a Node that has `process.execve` the script
 * does the same). In every other case Codex is started as it was found.
 */
export function resolveProgram(codexPath: string, env: NodeJS.ProcessEnv): Program {
  const asFound: Program = { path: codexPath, env: {}, kind: 'as found' };
  try {
    const launcher = realpathSync(codexPath);
    if (basename(launcher) !== 'codex.js') return asFound;
    const packageRoot = dirname(dirname(launcher));
    const native = findNative(packageRoot);
    if (!native || !isKnownLauncher(launcher) || !isNpmInstall([packageRoot, codexPath], env)) return asFound;
    return {
      path: native,
      kind: 'native',
      env: {
        ...Object.fromEntries([...KNOWN_VARIABLES].map((name) => [name, undefined])),
        CODEX_MANAGED_PACKAGE_ROOT: packageRoot,
        CODEX_MANAGED_BY_NPM: '1',
      },
    };
  } catch {
    return asFound;
  }
}

/** The native Codex in the folders where Node would find the launcher's platform package. */
function findNative(packageRoot: string): string | undefined {
  const [platformPackage, triple] = TARGETS[`${process.platform}/${process.arch}`] ?? [];
  if (!platformPackage || !triple) return undefined;
  const binary = join('vendor', triple, 'bin', 'codex');
  return [
    join(packageRoot, 'node_modules', '@openai', platformPackage, binary),
    join(dirname(packageRoot), platformPackage, binary),
  ].find((path) => existsSync(path));
}

function isKnownLauncher(launcher: string): boolean {
  const source = readRegularFile(launcher, LAUNCHER_BYTES).toString('utf8');
  const variables: string[] = source.match(/\bCODEX_[A-Z_]+\b/g) ?? [];
  const extendsPath = /\bPATH\b|pathSep|additionalDirs/.test(source);
  return (
    variables.includes('CODEX_MANAGED_PACKAGE_ROOT') &&
    variables.every((name) => KNOWN_VARIABLES.has(name)) &&
    !extendsPath
  );
}

/** False when the launcher would name another package manager, for which it checks the folders above itself and above the path that was called. */
function isNpmInstall(paths: readonly string[], env: NodeJS.ProcessEnv): boolean {
  if (/\bbun\//.test(env.npm_config_user_agent ?? '') || (env.npm_execpath ?? '').includes('bun')) return false;
  return !paths.some((path) => /[\\/]\.bun[\\/]/.test(path) || foldersAbove(path).some(isOthers));
}

function isOthers(folder: string): boolean {
  if (existsSync(join(folder, 'node_modules', '.modules.yaml')) || existsSync(join(folder, '.modules.yaml')))
    return true;
  return basename(folder) === 'packages' && existsSync(join(folder, '@openai', 'codex.json'));
}

function foldersAbove(path: string): string[] {
  const folder = dirname(path);
  return folder === path ? [folder] : [folder, ...foldersAbove(folder)];
}
