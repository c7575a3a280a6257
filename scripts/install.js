import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const OPENS_DATABASE = "new (require('better-sqlite3'))(':memory:').close()";
const COMPILER_ADVICE = `better-sqlite3 has no prebuilt binary for this machine, or it could not be downloaded, and compiling it failed.
Compiling needs python3, make and a C++ compiler:
  Debian, Ubuntu   sudo apt-get install python3 make g++
  Fedora           sudo dnf install python3 make gcc-c++
  macOS            xcode-select --install
  Windows          the "Desktop development with C++" workload of Visual Studio Build Tools
Then run the same command again.`;

/** Makes node_modules what package-lock.json says, and makes sure that its one native module loads in this Node. */
export async function installDependencies() {
  const difference = findDifference();
  if (difference) {
    console.error(
      `Installing dependencies (${difference}); this takes minutes where better-sqlite3 must be compiled …`,
    );
    await npm('ci', '--include=dev', '--no-audit', '--no-fund');
  }
  if (opensDatabase()) return;
  console.error(`Rebuilding better-sqlite3 for Node ${process.version} …`);
  await npm('rebuild', 'better-sqlite3');
  const { status, stderr } = spawnSync(process.execPath, ['-e', OPENS_DATABASE], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`better-sqlite3 does not load. Does npm run with ignore-scripts?\n\n${stderr.trim()}`);
}

/** Says how node_modules differs from the lockfile, or nothing. npm writes the hidden lockfile when all else is done. */
function findDifference() {
  const wanted = readPackages('package-lock.json');
  const installed = readPackages('node_modules/.package-lock.json');
  if (!wanted) throw new Error('package-lock.json is missing: restore it with `git checkout package-lock.json`.');
  if (!installed) return 'node_modules is missing';
  for (const [path, { version, integrity, optional, devOptional }] of Object.entries(wanted)) {
    if (path === '') continue;
    const found = existsSync(join(ROOT, path)) ? installed[path] : undefined;
    if (!found && !optional && !devOptional) return `${path} is missing`;
    if (found && (found.version !== version || found.integrity !== integrity)) return `${path} is another version`;
  }
  return undefined;
}

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }} LockedPackage
 * @param {string} path
 * @returns {Record<string, LockedPackage> | undefined}
 */
function readPackages(path) {
  const lockfile = join(ROOT, path);
  return existsSync(lockfile) ? JSON.parse(readFileSync(lockfile, 'utf8')).packages : undefined;
}

function opensDatabase() {
  if (nodeHasSqlite()) return true;
  try {
    const Database = createRequire(import.meta.url)('better-sqlite3');
    new Database(':memory:').close();
    return true;
  } catch {
    return false;
  }
}

/** As `src/store/driver-builtin.ts` asks: better-sqlite3 is not used then. */
function nodeHasSqlite() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major >= 24 || (major === 22 && minor >= 16);
}

/** @param {string[]} args */
async function npm(...args) {
  const command = `npm ${args.join(' ')}`;
  const child = spawn(command, { cwd: ROOT, shell: true, stdio: ['ignore', 2, 'pipe'] });
  let complaints = '';
  child.stderr?.on('data', (chunk) => {
    complaints += chunk;
    process.stderr.write(chunk);
  });
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code === 0) return;
  if (/better-sqlite3|node-gyp/.test(complaints)) throw new Error(COMPILER_ADVICE);
  throw new Error(`\`${command}\` failed (exit code ${code}); what npm printed above says why.`);
}
