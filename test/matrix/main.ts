import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openWorkbench, type RunOptions } from '../harness/workbench.js';
import { describeDocument, describeResults } from './document.js';
import { type EstimateErrors, measureEstimates } from './estimates.js';
import { writeFixture } from './fixtures.js';
import { inTwoLanes } from './lanes.js';
import { installRelease, NotInstalled, RELEASES } from './releases.js';
import { SCRIPT, WAYS, type Way } from './scenarios.js';
import { judge, type Verdict } from './verdict.js';

const ACCURACY = fileURLToPath(new URL('../../docs/accuracy.md', import.meta.url));
/** Ends the command where a release could not be installed: nothing is known of it. */
const NOT_RUN = 3;

const flags = process.argv.slice(2).filter((arg) => arg.startsWith('-'));
const wanted = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
const releases = wanted.length > 0 ? wanted : RELEASES;
const ways = new Map<string, Verdict[]>(WAYS.map(({ name }) => [name, []]));
const estimates: EstimateErrors[] = [];

try {
  for (const version of releases) await tryRelease(version);
  const results = describeResults({ releases, ways, estimates });
  process.stdout.write(`${results.ways}\n\n${results.estimates}\n`);
  if (flags.includes('--write')) writeFileSync(ACCURACY, describeDocument(results));
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
  const verdicts = await inTwoLanes(WAYS, async (way) => {
    const verdict = await tryWay(way, codex, version);
    say(`${way.name}: ${verdict.text}`);
    return verdict;
  });
  for (const [index, { name }] of WAYS.entries()) ways.get(name)?.push(verdicts[index] as Verdict);
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
    const run = await way.play({ bench, start, run: (args, options) => start(args, options).ended });
    const verdict = judge(bench, run, way);
    const isRecorded = flags.includes('--fixtures') && way.fixture && verdict.text !== 'not in this Codex';
    if (isRecorded && way.fixture) writeFixture({ version, name: way.fixture, bench, run, startedAtMs });
    return verdict;
  } finally {
    await bench.close();
  }
}
