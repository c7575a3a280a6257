import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const STORE = fileURLToPath(new URL('../../build/managers', import.meta.url));

/** A way in which people install, as they type it. */
export interface Way {
  readonly install: string;
  /** The command that shows the days. */
  readonly daily: string;
  /** npm's package of the package manager; none for npm, which comes with Node. */
  readonly manager?: string;
  /** Whether it installs for every Node what is for those without SQLite. */
  readonly passesOverEngines?: boolean;
  /** Where it puts what it installs, below the home. */
  readonly where: string;
}

const DAILY = 'codex-usage daily';

export const WAYS: readonly Way[] = [
  { install: 'npm install --global codex-metered', daily: DAILY, where: 'npm' },
  { install: 'npm install --global codex-usage', daily: DAILY, where: 'npm' },
  { install: 'npx codex-usage --version', daily: 'npx codex-usage daily', where: '.npm/_npx' },
  { install: 'pnpm add --global codex-metered', daily: DAILY, manager: 'pnpm@10.34.9', where: 'pnpm' },
  { install: 'pnpm add --global codex-metered', daily: DAILY, manager: 'pnpm@12.21.0', where: 'pnpm' },
  {
    ...{ install: 'bun add --global codex-metered', daily: DAILY, manager: 'bun@1.4.5' },
    ...{ passesOverEngines: true, where: '.bun/install/global' },
  },
  { install: 'yarn global add codex-metered', daily: DAILY, manager: 'yarn@1.22.22', where: '.config/yarn' },
];

/** A package manager that npm could not get: nothing is known of it. */
export class ManagerNotInstalled extends Error {}

/** Installs a package manager from npm, once, and returns the folder of its command. */
export async function provideManager(manager: string): Promise<string> {
  const folder = join(STORE, manager.replace('@', '-'));
  const [name, version] = nameOnNpm(manager);
  const bin = join(folder, 'node_modules', name === 'pnpm' || name === 'yarn' ? '.bin' : join(name, 'bin'));
  if (existsSync(bin)) return bin;
  mkdirSync(folder, { recursive: true });
  const args = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--loglevel', 'error'];
  const npm = await execa('npm', [...args, `${name}@${version}`], { reject: false });
  if (npm.exitCode === 0 && existsSync(bin)) return bin;
  throw new ManagerNotInstalled(`npm did not install ${manager} (${npm.stderr.split('\n')[0]}).`);
}

/** A script of Bun's package would fetch what this one has. */
function nameOnNpm(manager: string): [string, string] {
  const [name = '', version = ''] = manager.split('@');
  const arch = process.arch === 'arm64' ? 'aarch64' : process.arch;
  return [name === 'bun' ? `@oven/bun-${process.platform}-${arch}` : name, version];
}
