import { Argument, InvalidArgumentError } from 'commander';
import { describeScript, parseNumber } from '../test/harness/script.js';
import { benchCodex } from './codex.js';
import type { Section } from './figures.js';
import { benchFleet, type FleetShape, USUAL_FLEET } from './fleet.js';
import { benchImport, type ImportShape, USUAL_SHAPE } from './import.js';
import { benchLive } from './live.js';
import { describeMachine, readLoad } from './machine.js';
import { benchPipe } from './pipe.js';
import { printMachine, printSection } from './printout.js';
import { benchStart } from './start.js';
import { benchStatusline } from './statusline.js';
import { benchTarget } from './target.js';
import { benchWait } from './wait.js';
import { openWorkspace, type Workspace } from './workspace.js';

type Shape = ImportShape & FleetShape;

const SECTIONS: Record<string, (workspace: Workspace, rounds?: number, shape?: Shape) => Promise<Section>> = {
  start: benchStart,
  codex: benchCodex,
  pipe: benchPipe,
  wait: benchWait,
  import: benchImport,
  live: benchLive,
  statusline: benchStatusline,
  fleet: benchFleet,
  target: benchTarget,
};
/** Those that need a PostgreSQL are measured only where they are named. */
const ON_REQUEST = ['fleet', 'target'];

await main();

async function main(): Promise<void> {
  const command = describeScript('bench', 'Measures what codex-metered costs against Codex without it, in turns.')
    .addArgument(
      new Argument('[sections...]', 'what is measured (default: all but fleet and target)').choices(
        Object.keys(SECTIONS),
      ),
    )
    .option('--rounds <n>', 'how often each is measured', parseNumber)
    .option('--size <size>', 'of the sessions that are imported, such as 500MB (default: 1GB)', parseSize)
    .option('--files <n>', 'into how many files those are divided', parseNumber, USUAL_SHAPE.files)
    .option('--responses <n>', 'how many a fleet has', parseNumber, USUAL_FLEET.responses)
    .option('--json', 'the figures as JSON')
    .parse();
  const values = command.opts<{ rounds?: number; size?: number; files: number; responses: number; json?: true }>();
  const shape = { bytes: values.size ?? USUAL_SHAPE.bytes, files: values.files, responses: values.responses };
  const names =
    command.args.length > 0 ? command.args : Object.keys(SECTIONS).filter((name) => !ON_REQUEST.includes(name));
  const machine = describeMachine();
  const say = (text: string) => void process[values.json ? 'stderr' : 'stdout'].write(text);
  say(`${printMachine(machine)}\n`);
  const loadBefore = readLoad();
  const sections: Section[] = [];
  for (const name of names) {
    const section = await runSection(name, values.rounds, shape);
    say(`${printSection(section)}\n`);
    sections.push(section);
  }
  const load = { before: loadBefore, after: readLoad() };
  say(`Load of the machine: ${load.before.toFixed(1)} before, ${load.after.toFixed(1)} after.\n`);
  if (values.json) process.stdout.write(`${JSON.stringify({ machine, load, sections }, undefined, 2)}\n`);
}

/** Each section has a workspace of its own, which is gone at the end, however that comes. */
async function runSection(name: string, rounds: number | undefined, shape: Shape): Promise<Section> {
  const workspace = openWorkspace();
  const giveUp = (signal: NodeJS.Signals) => {
    workspace.close();
    process.removeListener(signal, giveUp);
    process.kill(process.pid, signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, giveUp);
  try {
    const section = await SECTIONS[name]?.(workspace, rounds, shape);
    if (!section) throw new Error(`there is no section ${name}`);
    return section;
  } finally {
    for (const signal of signals) process.removeListener(signal, giveUp);
    workspace.close();
  }
}

/** Returns bytes. */
function parseSize(text: string): number {
  const [, number, unit] = /^(\d+)(MB|GB)$/.exec(text) ?? [];
  if (unit === undefined) throw new InvalidArgumentError('Use a size such as 500MB or 1GB.');
  return Number(number) * (unit === 'GB' ? 1e9 : 1e6);
}
