import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missingDriver, repairCommand } from '../../src/store/missing-driver.js';
import { createFolder } from './samples.js';

const REBUILD = 'npm rebuild better-sqlite3 --ignore-scripts=false';
const NPM = 'npm install --global --ignore-scripts=false --allow-scripts=better-sqlite3';

describe('the command that mends a missing native part', () => {
  it.each([
    ['npm', 'usr/lib/node_modules/codex-metered', `${NPM} codex-metered`],
    ['npm, of codex-usage', 'usr/lib/node_modules/codex-usage/node_modules/codex-metered', `${NPM} codex-usage`],
    ['npm on Windows', 'C:\\Users\\jo\\AppData\\Roaming\\npm\\node_modules\\codex-metered', `${NPM} codex-metered`],
    ['npx', 'home/jo/.npm/_npx/0a1b/node_modules/codex-metered', `${NPM} codex-metered`],
    [
      'pnpm 10',
      'home/jo/.local/share/pnpm/global/5/.pnpm/codex-metered@0.1.0/node_modules/codex-metered',
      'pnpm add --global --force --allow-build=better-sqlite3 codex-metered',
    ],
    [
      'pnpm 12',
      'home/jo/.local/share/pnpm/store/v11/links/@/codex-metered/0.1.0/4f/node_modules/codex-metered',
      'pnpm add --global --force --allow-build=better-sqlite3 codex-metered',
    ],
    ['Bun', 'home/jo/.bun/install/global/node_modules/codex-metered', 'bun add --global --trust codex-metered'],
    [
      'Yarn',
      'home/jo/.config/yarn/global/node_modules/codex-metered',
      'YARN_IGNORE_SCRIPTS=false yarn global add --force codex-metered',
    ],
    ['a checkout', 'src/codex-metered', REBUILD],
  ])('is that of the manager which has installed it: %s', (_, folder, command) => {
    const root = createFolder();
    // npx has a manifest beside what it installs, and so has a project.
    if (folder.includes('_npx')) writeManifest(join(root, folder.split('node_modules')[0] ?? ''), 'package.json');
    expect(repairCommand(`${join(root, folder)}/dist/usage.cjs`)).toBe(command);
  });

  it.each([
    ['package-lock.json', REBUILD],
    ['pnpm-lock.yaml', 'pnpm add --force --allow-build=better-sqlite3 codex-metered'],
    ['bun.lock', 'bun add --trust codex-metered'],
    ['yarn.lock', 'YARN_IGNORE_SCRIPTS=false yarn add --force codex-metered'],
  ])('is that of the project in which it is installed: %s', (lockfile, command) => {
    const project = join(createFolder(), 'shop');
    writeManifest(project, 'package.json');
    writeManifest(project, lockfile);
    expect(repairCommand(join(project, 'node_modules/codex-metered/dist/usage.cjs'))).toBe(command);
  });
});

describe('a missing native part', () => {
  it.each([
    ['was not built', new Error('Could not locate the bindings file. Tried:\n → /a\n → /b'), 'install scripts'],
    [
      'is for another Node',
      Object.assign(new Error('…was compiled against NODE_MODULE_VERSION 115'), { code: 'ERR_DLOPEN_FAILED' }),
      'another Node than this one',
    ],
    ['is not there at all', Object.assign(new Error('no'), { code: 'MODULE_NOT_FOUND' }), 'is not installed'],
  ])('that %s is told in one line, with the command', (_, cause, reason) => {
    const { message, problem } = missingDriver(cause, '/usr/lib/node_modules/codex-metered/dist/usage.cjs');
    expect(problem).toBe('driver');
    expect(message.split('\n')).toHaveLength(1);
    expect(message).toContain(reason);
    expect(message).toContain(`Run: ${NPM} codex-metered (or use Node`);
  });
});

function writeManifest(folder: string, name: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), '{}');
}
