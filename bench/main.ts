import { parseArgs } from 'node:util';
import { benchCodex } from './codex.js';
import type { Section } from './figures.js';
import { benchImport, type ImportShape, USUAL_SHAPE } from './import.js';
import { benchLive } from './live.js';
import { describeMachine, readLoad } from './machine.js';
import { benchPipe } from './pipe.js';
import { printMachine, printSection } from './printout.js';
import { benchStart } from './start.js';
import { benchStatusline } from './statusline.js';
import { benchWait } from './wait.js';
import { openWorkspace, type Workspace } from './workspace.js';

const SECTIONS: Record<string, (workspace: Workspace, rounds?: number, shape?: ImportShape) => Promise<Section>> = {
  start: benchStart,
  codex: benchCodex,
  pipe: benchPipe,
  wait: benchWait,
  import: benchImport,
  live: benchLive,
  statusline: benchStatusline,
};
const USAGE = `Usage: npm run bench -- [start] [codex] [pipe] [wait] [import] [live] [statusline] [--rounds N] [--json]

Measures what codex-metered costs against Codex without it, in turns. Without a name: all of it.
--size and --files shape the sessions that are imported: 1GB in 500 files, unless told.
`;

await main();

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      rounds: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
      size: { type: 'string' },
      files: { type: 'string' },
    },
  });
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  const shape = readShape(values);
  const names = positionals.length > 0 ? positionals : Object.keys(SECTIONS);
  const unknown =
    names.some((name) => !Object.hasOwn(SECTIONS, name)) || (rounds !== undefined && !(rounds >= 1)) || !shape;
  if (values.help || unknown || !shape) {
    process.stdout.write(USAGE);
    process.exitCode = unknown ? 2 : 0;
    return;
  }
  const machine = describeMachine();
  const say = (text: string) => void process[values.json ? 'stderr' : 'stdout'].write(text);
  say(`${printMachine(machine)}\n`);
  const loadBefore = readLoad();
  const sections: Section[] = [];
  for (const name of names) {
    const section = await runSection(name, rounds, shape);
    say(`${printSection(section)}\n`);
    sections.push(section);
  }
  const load = { before: loadBefore, after: readLoad() };
  say(`Load of the machine: ${load.before.toFixed(1)} before, ${load.after.toFixed(1)} after.\n`);
  if (values.json) process.stdout.write(`${JSON.stringify({ machine, load, sections }, undefined, 2)}\n`);
}

/** Each section has a workspace of its own, which is gone at the end, however that comes. */
async function runSection(name: string, rounds: number | undefined, shape: ImportShape): Promise<Section> {
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

/** Undefined when a size is none. */
function readShape({
  size,
  files,
}: {
  size?: string | undefined;
  files?: string | undefined;
}): ImportShape | undefined {
  const [, number, unit] = /^(\d+)(MB|GB)$/.exec(size ?? '') ?? [];
  const bytes = size === undefined ? USUAL_SHAPE.bytes : Number(number) * (unit === 'GB' ? 1e9 : 1e6);
  const count = files === undefined ? USUAL_SHAPE.files : Number(files);
  return bytes > 0 && count >= 1 ? { bytes, files: count } : undefined;
}
