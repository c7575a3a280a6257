import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeLines, FIRST_LINES, LAST_LINE, makeWritingFake } from './fakes.js';
import { medianOf, type Ratio, type Section, summariseRatios } from './figures.js';
import { writeItems } from './jsonl.js';
import { createProbe } from './probe.js';
import { measureInTurns, type Rounds, type Timing } from './rounds.js';
import { METERED, type Workspace } from './workspace.js';

const ITEMS_BYTES = 50_000_000;
const AIM = { bound: 'at least', value: 0.5 } as const;
/** Prints how many bytes it got, and takes them faster than `cat` passes them on. */
const CONSUMER = 'wc -c';

interface Stream {
  readonly fake: string;
  readonly bytes: number;
}

/** How fast a long stream of events passes, against `cat` in the same place, and what memory that takes. */
export async function benchPipe(workspace: Workspace, rounds = 5): Promise<Section> {
  const { small, large } = prepareStreams(workspace);
  const memory: Memory = { small: [], large: [] };
  const metered = meterStream(workspace);
  const measured = await measureInTurns(
    {
      '1 GB through cat': () => pass(workspace, `'${large.fake}' | cat | ${CONSUMER}`, large),
      '1 GB metered': () => metered(large, memory.large),
      '1 GB through nothing': () => pass(workspace, `'${large.fake}' | ${CONSUMER}`, large),
      '100 MB metered': () => metered(small, memory.small),
    },
    { rounds, warmUps: 1 },
  );
  return {
    name: 'pipe',
    about: `A fake Codex that writes JSON events as fast as they are taken: producer | … | ${CONSUMER}.`,
    rounds,
    columns: measured.columns,
    ratios: compare(measured, memory),
    figures: [
      { name: 'peak memory of front and meter, 100 MB', value: medianOf(memory.small), unit: 'kB' },
      { name: 'peak memory of front and meter, 1 GB', value: medianOf(memory.large), unit: 'kB' },
    ],
  };
}

/** Peaks in kB, a run each. */
interface Memory {
  readonly small: number[];
  readonly large: number[];
}

function compare(
  { quotients }: Rounds<`1 GB ${'through cat' | 'metered' | 'through nothing'}`>,
  memory: Memory,
): Ratio[] {
  const throughCat = (other: '1 GB metered' | '1 GB through nothing', figure: keyof Timing) =>
    quotients((round) => round['1 GB through cat'][figure] / round[other][figure]);
  return [
    summariseRatios('rate metered / rate through cat', throughCat('1 GB metered', 'ms'), AIM),
    summariseRatios('rate through nothing / rate through cat', throughCat('1 GB through nothing', 'ms')),
    summariseRatios('CPU time through cat / CPU time metered', throughCat('1 GB metered', 'cpuMs')),
    summariseRatios(
      'peak memory at 1 GB / at 100 MB',
      memory.large.map((peak, run) => peak / (memory.small[run] ?? Number.NaN)),
    ),
  ];
}

function prepareStreams({ folder }: Workspace): { small: Stream; large: Stream } {
  const [first = '', items = '', last = ''] = ['first', 'items', 'last'].map((name) => join(folder, `${name}.jsonl`));
  writeFileSync(first, encodeLines(FIRST_LINES));
  writeItems(items, ITEMS_BYTES);
  writeFileSync(last, encodeLines([LAST_LINE]));
  const prepare = (name: string, copies: number): Stream => {
    const paths = [first, ...Array<string>(copies).fill(items), last];
    const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
    return { fake: makeWritingFake(folder, name, paths), bytes };
  };
  return { small: prepare('small', 100_000_000 / ITEMS_BYTES), large: prepare('large', 1_000_000_000 / ITEMS_BYTES) };
}

function meterStream(workspace: Workspace): (stream: Stream, peaksKb: number[]) => Promise<Timing> {
  const probe = createProbe(workspace);
  const program = [process.execPath, METERED].map((word) => `'${word}'`).join(' ');
  return async (stream, peaksKb) => {
    const env = { ...probe.env, CODEX_METERED_CODEX: stream.fake };
    const timing = await pass(workspace, `${program} exec --json hello | ${CONSUMER}`, stream, env);
    peaksKb.push(probe.read().peakMemoryKb + probe.readMeter().peakMemoryKb);
    return timing;
  };
}

async function pass(workspace: Workspace, pipeline: string, { bytes }: Stream, env = {}): Promise<Timing> {
  const run = await workspace.time(['/bin/sh', '-c', pipeline], { env, countCpu: true });
  if (Number(run.stdout) !== bytes) throw new Error(`${run.stdout.trim()} of ${bytes} bytes came through: ${pipeline}`);
  return run;
}
