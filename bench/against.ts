import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describeScript, parseNumber } from '../test/harness/script.js';
import { makeSilentFake, makeTalkingFake } from './fakes.js';
import { type Section, summariseRatios } from './figures.js';
import { printSection } from './printout.js';
import { measureInTurns } from './rounds.js';
import { openWorkspace, type Workspace } from './workspace.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BASE = join(ROOT, 'build', 'base');
const ARGS = ['exec', '--json', '--model', 'gpt-5.3-codex', 'say hello'];
const WARM_UPS = 3;

const command = describeScript(
  'bench:against',
  `Measures this checkout against another commit of it, in turns. The exit code is 1 where the middle of all rounds is above
the limit, both in time and in CPU time: one of them alone is often the machine's noise.`,
)
  .argument('<commit>')
  .option('--rounds <n>', 'how often each is measured', parseNumber, 40)
  .option('--limit <ratio>', 'how much slower this checkout may be', parseNumber, 1.15)
  .parse();
const [commit = ''] = command.args;
const { rounds, limit } = command.opts<{ rounds: number; limit: number }>();
process.exitCode = (await compare(commit)) ? 0 : 1;

/** True where this checkout is fast enough. */
async function compare(base: string): Promise<boolean> {
  await checkOut(base);
  const workspace = openWorkspace();
  try {
    const sections = await measure(workspace);
    for (const section of sections) process.stdout.write(`${printSection(section)}\n`);
    const slower = sections.filter(({ ratios }) => ratios.every(({ median }) => median > limit));
    for (const { name } of slower) process.stdout.write(`SLOWER than the base by more than ×${limit}: ${name}\n`);
    return slower.length === 0;
  } finally {
    workspace.close();
    await removeBase();
  }
}

/** The base is built with our own node_modules where it wants the same ones. */
async function checkOut(base: string): Promise<void> {
  await removeBase();
  await execa('git', ['worktree', 'add', '--quiet', '--detach', BASE, base], { cwd: ROOT });
  const [ours, theirs] = [ROOT, BASE].map((folder) => readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  if (ours === theirs) symlinkSync(join(ROOT, 'node_modules'), join(BASE, 'node_modules'));
  else await execa('npm', ['ci', '--no-audit', '--no-fund'], { cwd: BASE });
  for (const cwd of [BASE, ROOT]) await execa('node', ['scripts/build.js'], { cwd });
}

async function removeBase(): Promise<void> {
  if (existsSync(BASE)) rmSync(BASE, { recursive: true, force: true });
  await execa('git', ['worktree', 'prune'], { cwd: ROOT });
}

async function measure(workspace: Workspace): Promise<Section[]> {
  const fakes = {
    'a run that says nothing': makeSilentFake(workspace.folder),
    'a run with an answer': makeTalkingFake(workspace.folder),
  };
  const sections: Section[] = [];
  for (const [name, fake] of Object.entries(fakes)) {
    sections.push(await measureOne(workspace, name, ['codex-metered', ...ARGS], fake));
  }
  sections.push(await measureOne(workspace, 'codex-usage daily', ['codex-usage', 'daily']));
  return sections;
}

/** Each side has a database of its own: an older one may not open what a newer one has written. */
async function measureOne(workspace: Workspace, name: string, line: string[], fake?: string): Promise<Section> {
  const [command = '', ...args] = line;
  const side = (folder: string, database: string) => () => {
    const env = { CODEX_METERED_DB: join(workspace.folder, database, 'usage.db'), CODEX_METERED_CODEX: fake };
    return workspace.time([process.execPath, join(folder, 'bin', `${command}.js`), ...args], { env, countCpu: true });
  };
  const sides = { base: side(BASE, 'base'), here: side(ROOT, 'here') };
  const measured = await measureInTurns(sides, { rounds, warmUps: WARM_UPS });
  const ratio = (label: string, quotients: number[]) =>
    summariseRatios(label, quotients, { bound: 'at most', value: limit });
  return {
    ...{ name, rounds, columns: measured.columns, figures: [] },
    about: `this checkout against ${commit}.`,
    ratios: [
      ratio(
        'here / base',
        measured.quotients(({ here, base }) => here.ms / base.ms),
      ),
      ratio(
        'here / base, CPU',
        measured.quotients(({ here, base }) => here.cpuMs / base.cpuMs),
      ),
    ],
  };
}
