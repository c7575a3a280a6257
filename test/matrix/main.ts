import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openWorkbench, type RunOptions } from '../harness/workbench.js';
import { describeDocument, describeResults } from './document.js';
import { type EstimateErrors, measureEstimates } from './estimates.js';
import { writeFixture } from './fixtures.js';
import { inTwoLanes } from './lanes.js';
import { installRelease, NotInstalled, RELEASES } from './releases.js';
import { SCRIPT, WAYS, type Way } from './scenarios.js';
import { judge, summarise, type Verdict } from './verdict.js';

const ACCURACY = fileURLToPath(new URL('../../docs/accuracy.md', import.meta.url));
/** Ends the command where a release could not be installed: nothing is known of it. */
const NOT_RUN = 3;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    write: { type: 'boolean' },
    fixtures: { type: 'boolean' },
    /** One way alone, by its name; can be given several times. The estimates are left out then. */
    way: { type: 'string', multiple: true },
    /** How often each way is played: what goes wrong once in twenty times shows only so. */
    times: { type: 'string', default: '1' },
  },
});
const releases = positionals.length > 0 ? positionals : RELEASES;
const wanted = WAYS.filter(({ name }) => flags.way?.includes(name) ?? true);
for (const name of flags.way ?? []) {
  if (!WAYS.some((way) => way.name === name))
    throw new Error(`There is no way ${name}; there are: ${WAYS.map((way) => way.name).join(', ')}.`);
}
const ways = new Map<string, Verdict[]>(wanted.map(({ name }) => [name, []]));
const estimates: EstimateErrors[] = [];

try {
  for (const version of releases) await tryRelease(version);
  const results = describeResults({ releases, ways, estimates });
  process.stdout.write(flags.way ? `${results.ways}\n` : `${results.ways}\n\n${results.estimates}\n`);
  if (flags.write && !flags.way) writeFileSync(ACCURACY, describeDocument(results));
  const verdicts = [...[...ways.values()].flat(), ...estimates];
  process.exitCode = verdicts.every(({ good }) => good) ? 0 : 1;
} catch (error) {
  if (!(error instanceof NotInstalled)) throw error;
  process.stderr.write(`NOT RUN: ${error.message}\n`);
  process.exitCode = NOT_RUN;
}

async function tryRelease(version: string): Promise<void> {
  const say = (text: string) => process.stderr.write(`Codex ${version}: ${text}\n`);
  const codex = await installRelease(version);
  const plays = wanted.flatMap((way) => Array<Way>(Number(flags.times)).fill(way));
  const verdicts = await inTwoLanes(plays, async (way) => {
    const verdict = await tryWay(way, codex, version);
    say(`${way.name}: ${verdict.text}`);
    return { way, verdict };
  });
  for (const { name } of wanted) {
    ways.get(name)?.push(summarise(verdicts.filter(({ way }) => way.name === name).map(({ verdict }) => verdict)));
  }
  if (flags.way) return;
  const errors = await measureEstimates(codex);
  say(`estimates: input ${errors.input}, output ${errors.output}`);
  estimates.push(errors);
}

/** Plays one way on a workbench of its own, and says how near its record is to the ledger. */
async function tryWay(way: Way, codex: string, version: string): Promise<Verdict> {
  const bench = await openWorkbench(...SCRIPT);
  try {
    let startedAtMs = 0;
    const start: typeof bench.start = (args, options: RunOptions = {}) => {
      startedAtMs = Date.now();
      return bench.start(args, { ...options, codex });
    };
    const runs = [await way.play({ bench, start, run: (args, options) => start(args, options).ended })].flat();
    const verdict = summarise(runs.map((run) => judge(bench, run, way)));
    const isRecorded = flags.fixtures && way.fixture && verdict.text !== 'not in this Codex';
    if (isRecorded && way.fixture)
      for (const run of runs) writeFixture({ version, name: way.fixture, bench, run, startedAtMs });
    return verdict;
  } finally {
    await bench.close();
  }
}
