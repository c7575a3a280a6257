import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { collect, describeScript, parseNumber } from '../harness/script.js';
import { type Cell, type PlayedScene, playCell, type Release } from './cell.js';
import { describeDocument, describeResults } from './document.js';
import { type EstimateErrors, measureEstimates } from './estimates.js';
import { writeFixture } from './fixtures.js';
import { homesOf } from './imports.js';
import { inTwoLanes } from './lanes.js';
import {
  compareWithKnown,
  createNameList,
  describeDifference,
  type NameList,
  nameEvents,
  nameSessionLines,
  nameSurface,
  writeKnown,
} from './names.js';
import {
  findNewestVersion,
  installRelease,
  NotInstalled,
  RELEASES,
  readPinnedVersion,
  WITHOUT_PROC,
} from './releases.js';
import { summarise, type Verdict } from './verdict.js';
import type { Way } from './way.js';
import { WAYS } from './ways.js';

const ACCURACY = fileURLToPath(new URL('../../docs/accuracy.md', import.meta.url));
/** Ends the command where a release could not be installed: nothing is known of it. */
const NOT_RUN = 3;
/** Where there is a release name: whatever the registry calls the newest, and what is new in it. */
const NEWEST = 'latest';

const command = describeScript('test:matrix', 'Compares the record with the ledger of the API, on releases of Codex.')
  .argument(
    '[releases...]',
    `such as 0.125.0 or "${WITHOUT_PROC}"; ${NEWEST}: the newest, and what is new in it (default: all)`,
  )
  .option('--write', `make docs/accuracy.md, or with ${NEWEST} fixtures/known-names.json`)
  .option('--fixtures', 'make fixtures/')
  .option(
    '--way <name>',
    'only this way of running Codex, and no estimates; can be given several times',
    collect(WAYS.map(({ name }) => name)),
  )
  .option('--times <n>', 'how often each way is run: for what goes wrong once in twenty times', parseNumber, 1)
  .parse();
const flags = command.opts<{ write?: true; fixtures?: true; way?: string[]; times: number }>();
const positionals = command.args;
const wanted = WAYS.filter(({ name }) => flags.way?.includes(name) ?? true);
const pinned = readPinnedVersion();
const ways = new Map<string, Verdict[]>(wanted.map(({ name }) => [name, []]));
const comparisons = new Map<string, NonNullable<Cell['comparison']>>();
const estimates: EstimateErrors[] = [];

try {
  process.exitCode = positionals[0] === NEWEST ? await lookAtNewest() : await tryReleases();
} catch (error) {
  if (!(error instanceof NotInstalled)) throw error;
  process.stderr.write(`NOT RUN: ${error.message}\n`);
  process.exitCode = NOT_RUN;
}

/** The exit code is 0 where every cell is as good as its Codex allows. */
async function tryReleases(): Promise<number> {
  const releases = positionals.length > 0 ? positionals : [...RELEASES, WITHOUT_PROC];
  for (const version of releases) await tryRelease(version);
  const results = describeResults({ releases, ways, estimates, current: pinned, comparisons });
  process.stdout.write(
    `${[results.ways, results.sideBySide, ...(flags.way ? [] : [results.estimates])].join('\n\n')}\n`,
  );
  if (flags.write && !flags.way) writeFileSync(ACCURACY, describeDocument(results));
  return isGood() ? 0 : 1;
}

/** The exit code is 0 where the newest release does nothing that is not known, and every cell is good. */
async function lookAtNewest(): Promise<number> {
  const version = await findNewestVersion();
  const names = createNameList();
  await tryRelease(version, names);
  await nameSurface(names, await installRelease(version));
  const { ways: table } = describeResults({ releases: [version], ways, estimates, current: pinned, comparisons });
  const found = compareWithKnown(names);
  // What was not played was not seen.
  const difference = flags.way ? { ...found, gone: [] } : found;
  const about = version === pinned ? 'the pinned release' : `the pinned release is ${pinned}`;
  process.stdout.write(
    `The newest Codex is ${version}: ${about}.\n\n${table}\n\n${describeDifference(version, difference)}`,
  );
  const writes = flags.write === true && !flags.way;
  if (writes) writeKnown(names, version);
  return isGood() && (writes || difference.unknown.length === 0) ? 0 : 1;
}

function isGood(): boolean {
  return [...[...ways.values()].flat(), ...estimates].every(({ good }) => good);
}

/** Plays all ways that are wanted on a release. `names` takes what its files and events are called. */
async function tryRelease(name: string, names?: NameList): Promise<void> {
  const version = name === WITHOUT_PROC ? pinned : name;
  const say = (text: string) => process.stderr.write(`Codex ${name}: ${text}\n`);
  const release: Release = { version, codex: await installRelease(version), hidesProc: name === WITHOUT_PROC };
  const plays = wanted.flatMap((way) => Array<Way>(flags.times).fill(way));
  const options = { sideBySide: name === pinned, look: (scene: PlayedScene) => keep(scene, names) };
  const cells = await inTwoLanes(plays, async (way) => {
    const cell = await playCell(way, release, options);
    say(`${way.name}: ${cell.verdict.text}`);
    if (cell.comparison) comparisons.set(way.name, cell.comparison);
    return { way, ...cell };
  });
  for (const { name } of wanted) {
    ways.get(name)?.push(summarise(cells.filter(({ way }) => way.name === name).map(({ verdict }) => verdict)));
  }
  // What is estimated does not depend on the system.
  if (flags.way || name === WITHOUT_PROC) return;
  const errors = await measureEstimates(release.codex);
  say(`estimates: input ${errors.input}, output ${errors.output}`);
  estimates.push(errors);
}

/** Records fixtures of a workbench where they are asked for, and its names. */
function keep({ bench, way, runs, release, startedAtMs, outputs }: PlayedScene, names: NameList | undefined): void {
  if (names && !way.hasOlderLines) {
    nameSessionLines(names, homesOf(bench));
    for (const output of outputs) nameEvents(names, output);
  }
  if (!flags.fixtures || !way.fixture) return;
  for (const run of runs) writeFixture({ version: release.version, name: way.fixture, bench, run, startedAtMs });
}
