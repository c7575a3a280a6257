import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { StoreError } from '../errors.js';

/** The Nodes whose own SQLite suffices: `driver-builtin.ts` says what it takes. */
const ENOUGH = 'Node 22.16, or 24 and later';

/** Says in one line what is missing and the one command that mends it. `file` is one of this package. */
export function missingDriver(cause: unknown, file: string): StoreError {
  const advice = `Run: ${repairCommand(file)} (or use ${ENOUGH}, which need no such part).`;
  return new StoreError('driver', `No database can be opened, because ${describe(cause)}. ${advice}`, { cause });
}

function describe(cause: unknown): string {
  const { code, message = '' } = cause as { code?: string; message?: string };
  if (/NODE_MODULE_VERSION/.test(message)) {
    return `the native part of better-sqlite3 was made for another Node than this one, ${process.version}`;
  }
  if (code === 'MODULE_NOT_FOUND') return `better-sqlite3 is not installed, which Node ${process.version} needs`;
  return 'the native part of better-sqlite3 is missing: install scripts are switched off, or one has failed';
}

/**
 * The command that installs the native part after all, for the package manager that has installed `file`. Each was
 * tried where install scripts had been switched off before: docs/install.md.
 */
export function repairCommand(file: string): string {
  const path = file.replaceAll('\\', '/');
  const [root = '', inside] = path.split('/node_modules/');
  if (inside === undefined) return REBUILD;
  const name = inside.split('/')[0] === 'codex-usage' ? 'codex-usage' : 'codex-metered';
  if (/\/pnpm\/(global|store)\//.test(path)) return `pnpm add --global --force ${ALLOW_BUILD} ${name}`;
  if (path.includes('/.bun/install/global/')) return `bun add --global --trust ${name}`;
  if (/\/yarn\/(data\/)?global\//i.test(path)) return `${YARN} global add --force ${name}`;
  if (isProject(root)) return inProject(root, name);
  return `npm install --global --ignore-scripts=false --allow-scripts=better-sqlite3 ${name}`;
}

const REBUILD = 'npm rebuild better-sqlite3 --ignore-scripts=false';
const ALLOW_BUILD = '--allow-build=better-sqlite3';
/** It has no option that takes back what its configuration says. */
const YARN = 'YARN_IGNORE_SCRIPTS=false yarn';

/** What is installed globally, or for npx, lies in no folder with a manifest of somebody's own. */
function isProject(root: string): boolean {
  return existsSync(join(root, 'package.json')) && basename(dirname(root)) !== '_npx';
}

function inProject(root: string, name: string): string {
  const has = (file: string) => existsSync(join(root, file));
  if (has('pnpm-lock.yaml')) return `pnpm add --force ${ALLOW_BUILD} ${name}`;
  if (has('bun.lock') || has('bun.lockb')) return `bun add --trust ${name}`;
  if (has('yarn.lock')) return `${YARN} add --force ${name}`;
  return REBUILD;
}
