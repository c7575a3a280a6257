import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeLines, FIRST_LINES, LAST_LINE, makeWritingFake } from './fakes.js';
import { medianOf, type Section, summariseRatios } from './figures.js';
import { writeItems } from './jsonl.js';
import { measureInTurns } from './rounds.js';
import { METERED, type Workspace } from './workspace.js';

const ITEMS_BYTES = 50_000_000;
const COPIES = { '100 MB': 2, '1 GB': 20 } as const;
/** Prints how many bytes it got, and takes them faster than `cat` passes them on. */
const CONSUMER = 'wc -c';

/** Says at the end of the process how much memory it had at its peak: Linux knows, elsewhere getrusage does. */
const MEMORY_PROBE = `const { readFileSync, writeFileSync } = require('node:fs');
process.on('exit', () => {
  const peak = process.platform === 'linux' && /VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  writeFileSync(process.env.BENCH_MEMORY, String(peak || process.resourceUsage().maxRSS));
});
`;

interface Stream {
  readonly fake: string;
  readonly bytes: number;
}

/** How fast a long stream of events passes, against `cat` in the same place, and what memory that takes. */
export async function benchPipe(workspace: Workspace, rounds = 5): Promise<Section> {
  const small = prepareStream(workspace, '100 MB');
  const large = prepareStream(workspace, '1 GB');
  const memory = { small: [] as number[], large: [] as number[] };
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
    ratios: [
      summariseRatios(
        'rate metered / rate through cat',
        measured.quotients((ms) => ms['1 GB through cat'] / ms['1 GB metered']),
        { bound: 'at least', value: 0.5 },
      ),
      summariseRatios(
        'rate through nothing / rate through cat',
        measured.quotients((ms) => ms['1 GB through cat'] / ms['1 GB through nothing']),
      ),
      summariseRatios(
        'peak memory at 1 GB / at 100 MB',
        memory.large.map((peak, round) => peak / (memory.small[round] ?? Number.NaN)),
      ),
    ],
    figures: [
      { name: 'peak memory of the wrapper, 100 MB', value: medianOf(memory.small), unit: 'kB' },
      { name: 'peak memory of the wrapper, 1 GB', value: medianOf(memory.large), unit: 'kB' },
    ],
  };
}

function prepareStream({ folder }: Workspace, size: keyof typeof COPIES): Stream {
  const [first, items, last] = ['first', 'items', 'last'].map((name) => join(folder, `${name}.jsonl`)) as Three;
  if (size === '100 MB') {
    writeFileSync(first, encodeLines(FIRST_LINES));
    writeItems(items, ITEMS_BYTES);
    writeFileSync(last, encodeLines([LAST_LINE]));
  }
  const paths = [first, ...Array<string>(COPIES[size]).fill(items), last];
  const fake = makeWritingFake(folder, size.replace(' ', '-'), paths);
  return { fake, bytes: paths.reduce((sum, path) => sum + statSync(path).size, 0) };
}

type Three = [string, string, string];

function meterStream(workspace: Workspace): (stream: Stream, peaksKb: number[]) => Promise<number> {
  const probe = join(workspace.folder, 'memory-probe.cjs');
  const answer = join(workspace.folder, 'memory');
  writeFileSync(probe, MEMORY_PROBE);
  return async (stream, peaksKb) => {
    const env = { CODEX_METERED_CODEX: stream.fake, BENCH_MEMORY: answer };
    const command = `'${process.execPath}' --require '${probe}' '${METERED}' exec --json hello | ${CONSUMER}`;
    const ms = await pass(workspace, command, stream, env);
    peaksKb.push(Number(readFileSync(answer, 'utf8')));
    return ms;
  };
}

async function pass(workspace: Workspace, pipeline: string, { bytes }: Stream, env = {}): Promise<number> {
  const { ms, stdout } = await workspace.time(['/bin/sh', '-c', pipeline], { env });
  if (Number(stdout) !== bytes) throw new Error(`${stdout.trim()} of ${bytes} bytes came through: ${pipeline}`);
  return ms;
}
