import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** @import { Workplace } from './workplace.js' */

/**
 * Installs codex-metered for this job and returns why that failed, or undefined. The workflow's own folders, and what else
 * npm installs in the job, have no part in it.
 * @param {Workplace} workplace
 * @param {string | undefined} version a version, or the path of a tarball
 */
export function installPackage(workplace, version) {
  if (existsSync(scriptOf(workplace, 'codex-metered'))) return undefined;
  const wanted =
    version === undefined ? readOwnVersion() : /\.tgz$/.test(version) ? `file:${locate(version)}` : version;
  const manifest = {
    private: true,
    dependencies: { 'codex-metered': wanted },
    // npm 12 runs no script of a dependency that is not named.
    allowScripts: { 'better-sqlite3': true },
  };
  writeFileSync(join(workplace.packageFolder, 'package.json'), JSON.stringify(manifest));
  const { status, error, stderr } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: workplace.packageFolder,
    encoding: 'utf8',
    // npm is a script on Windows, which a shell alone can start.
    shell: process.platform === 'win32',
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  if (status === 0 && existsSync(scriptOf(workplace, 'codex-metered'))) return undefined;
  // All of it is for the log of the step; the page of the workflow run has room for a line.
  process.stderr.write(stderr ?? '');
  const reason = error?.message ?? stderr.trim().split('\n').slice(0, 3).join(' ');
  return `npm could not install codex-metered ${wanted}: ${reason || `exit code ${status}`}`;
}

/**
 * The script behind a command of the package.
 * @param {Workplace} workplace
 * @param {'codex-metered' | 'codex-usage'} command
 */
export function scriptOf({ packageFolder }, command) {
  return join(packageFolder, 'node_modules', 'codex-metered', 'bin', `${command}.js`);
}

/** The action lies in the repository of the package, so both have one version. */
function readOwnVersion() {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
}

/** @param {string} path */
function locate(path) {
  return resolve(process.env.GITHUB_WORKSPACE ?? '.', path);
}
