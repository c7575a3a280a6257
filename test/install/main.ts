import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describeScript } from '../harness/script.js';
import { NodeNotInstalled, nodeOfTheDay, provideNode } from '../nodes/nodes.js';
import { Home } from './home.js';
import { ManagerNotInstalled, provideManager, WAYS, type Way } from './managers.js';
import { packNativePart } from './prebuilt.js';
import { startRegistry } from './registry.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What an install may be at most. Where Node brings no SQLite, better-sqlite3 alone brings 38 packages. */
const MOST = { megabytes: 35, packages: 20, packagesWithoutSqlite: 42 };
/** Ends the command where something could not be had from the registry, as that of the matrix does. */
const NOT_RUN = 3;

/**
 * The package is installed from its tarballs with install scripts off, and asked for the days: they are shown, or one line
 * says what to type, and then they are shown.
 */
const flags = describeScript('test:install', 'Installs the package in every way that people do, and tries it.')
  .option('--node <major>', 'on this Node, such as 24; today: the one of the day (default: the one that runs)')
  .option('--only <words>', 'only the ways whose command begins so, such as npm')
  .parse()
  .opts<{ node?: string; only?: string }>();
const major = flags.node === 'today' ? nodeOfTheDay(Date.now()) : flags.node;
const work = mkdtempSync(join(tmpdir(), 'codex-metered-tarballs-'));

try {
  process.exitCode = await tryAll();
} catch (error) {
  if (!(error instanceof NodeNotInstalled || error instanceof ManagerNotInstalled)) throw error;
  process.stderr.write(`NOT RUN: ${error.message}\n`);
  process.exitCode = NOT_RUN;
} finally {
  rmSync(work, { recursive: true, force: true });
}

async function tryAll(): Promise<number> {
  const node = major === undefined ? undefined : await provideNode(major);
  const bins = node === undefined ? [] : [node];
  for (const folder of ['.', 'packages/codex-usage', 'packages/codex-metered-sqlite']) {
    await execa('npm', ['pack', '--silent', '--pack-destination', work], { cwd: join(ROOT, folder) });
  }
  const tarballs = readdirSync(work).map((name) => join(work, name));
  const prebuilt = await packNativePart(join(work, 'prebuilt'), node ? join(node, 'node') : process.execPath);
  const registry = await startRegistry(tarballs);
  const failures: string[] = [];
  try {
    for (const way of WAYS.filter(({ install }) => install.startsWith(flags.only ?? ''))) {
      const outcome = await tryWay(way, registry.url, bins, prebuilt);
      process.stdout.write(`${way.manager ?? 'npm'}: ${way.install}: ${outcome.text}\n`);
      if (!outcome.isRight) failures.push(way.install);
    }
  } finally {
    await registry.close();
  }
  process.stdout.write(failures.length === 0 ? 'Every way works.\n' : `FAILED: ${failures.join('; ')}\n`);
  return failures.length === 0 ? 0 : 1;
}

interface Outcome {
  readonly text: string;
  readonly isRight: boolean;
}

async function tryWay(
  way: Way,
  registry: string,
  bins: readonly string[],
  prebuilt: string | undefined,
): Promise<Outcome> {
  const manager = way.manager ? [await provideManager(way.manager)] : [];
  const home = new Home(registry, [...bins, ...manager], prebuilt);
  try {
    const { exitCode, output } = await home.type(way.install);
    if (exitCode !== 0) return { text: `not installed: ${output}`, isRight: false };
    const { packages, megabytes } = home.measure(way.where);
    const size = `${packages} packages, ${megabytes.toFixed(0)} MB`;
    const first = await home.type(way.daily);
    const most = way.passesOverEngines ? MOST.packagesWithoutSqlite : MOST.packages;
    if (showsDays(first.output)) return judge(`${size}, works`, { packages, megabytes }, most);
    const remedy = /Run: (.+) \(or use/.exec(first.output)?.[1];
    const said = first.output.split('\n').filter((line) => line !== '' && !line.startsWith('npm warn'));
    const isOneLine = said.length === 1;
    if (!remedy || !isOneLine) return { text: `${size}, fails and says: ${first.output}`, isRight: false };
    if (!prebuilt) return { text: `${size}, says: ${remedy}`, isRight: true };
    const mended = await home.type(remedy);
    const again = await home.type(way.daily.replace('npx ', ''));
    if (!showsDays(again.output)) {
      return { text: `${size}, its remedy fails: ${remedy}: ${mended.output} ${again.output}`, isRight: false };
    }
    return judge(`${size}, works after: ${remedy}`, { packages, megabytes }, MOST.packagesWithoutSqlite);
  } finally {
    home.remove();
  }
}

function judge(text: string, { packages, megabytes }: { packages: number; megabytes: number }, most: number): Outcome {
  const isSmall = packages <= most && megabytes <= MOST.megabytes;
  return {
    text: isSmall ? text : `${text}, and is more than ${most} packages or ${MOST.megabytes} MB`,
    isRight: isSmall,
  };
}

function showsDays(output: string): boolean {
  return /^\s*20\d\d-\d\d-\d\d\b.*\$/m.test(output);
}
