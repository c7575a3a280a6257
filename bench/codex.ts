import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { resolveProgram } from '../src/process/native.js';
import { configFor } from '../test/harness/workbench.js';
import { type Section, summariseRatios } from './figures.js';
import { type Measure, measureInTurns } from './rounds.js';
import { CODEX, METERED, type Workspace } from './workspace.js';

const API = fileURLToPath(new URL('./api.ts', import.meta.url));
const ARGS = ['exec', '--json', 'say hello'];
const WARM_UPS = 2;

/** What a run of the real Codex with one response takes, metered and not. */
export async function benchCodex(workspace: Workspace, rounds = 15): Promise<Section> {
  const api = workspace.start([process.execPath, '--import', 'tsx', API]);
  try {
    writeFileSync(join(workspace.codexHome, 'config.toml'), configFor(await readAddress(api)));
    const measured = await measureInTurns(await prepareRuns(workspace), { rounds, warmUps: WARM_UPS });
    expectExactRecords(workspace, rounds + WARM_UPS);
    const quotients = (over: string, under: string) => measured.quotients((ms) => (ms[over] ?? 0) / (ms[under] ?? 0));
    return {
      name: 'codex',
      about: 'The real Codex, one response from an API on this machine that answers at once.',
      rounds,
      columns: measured.columns,
      ratios: [
        summariseRatios("metered / npm's codex", quotients('metered', "npm's codex"), { bound: 'at most', value: 1.1 }),
        summariseRatios('metered / native codex', quotients('metered', 'native codex')),
        summariseRatios("native codex / npm's codex", quotients('native codex', "npm's codex")),
      ],
      figures: [],
    };
  } finally {
    api.stdin?.end();
  }
}

async function prepareRuns(workspace: Workspace): Promise<Record<string, Measure>> {
  const cwd = join(workspace.folder, 'shop');
  await workspace.time(['git', 'init', '--quiet', cwd]);
  const native = resolveProgram(CODEX, workspace.env);
  const time = async (command: readonly string[], env = {}) => {
    const { ms, stdout } = await workspace.time([...command, ...ARGS], { cwd, env });
    if (!stdout.includes('turn.completed')) throw new Error(`${command[0]} did not complete its turn:\n${stdout}`);
    return ms;
  };
  return {
    "npm's codex": () => time([CODEX]),
    metered: () => time([process.execPath, METERED], { CODEX_METERED_CODEX: CODEX }),
    'native codex': () => time([native.path], native.env),
  };
}

async function readAddress(api: ReturnType<Workspace['start']>): Promise<string> {
  if (!api.stdout) throw new Error('the API has no output');
  const [line] = await once(createInterface(api.stdout), 'line');
  return String(line);
}

function expectExactRecords({ database }: Workspace, wanted: number): void {
  const connection = new Database(database, { readonly: true });
  const { count } = connection
    .prepare(`SELECT count(*) AS count FROM responses WHERE source = 'actual' AND input_tokens = 9000`)
    .get() as { count: number };
  connection.close();
  if (count !== wanted) throw new Error(`${count} responses are recorded exactly, not ${wanted}`);
}
