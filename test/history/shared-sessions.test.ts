import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importHistory } from '../../src/history/import.js';
import { openDatabase } from '../../src/store/driver.js';
import { rollout } from '../harness/fake-rollouts.js';
import { test } from '../harness/test.js';
import type { Workbench } from '../harness/workbench.js';
import { type LedgerEntry, sumLedger } from '../scripted-api/ledger.js';
import { createHistory, createRunner, FILE, type History, query, SUMS, THREAD } from './sessions.js';

const CHILD = '01a20134-5175-7ba0-a3a5-e64a7c34143d';
const FORK = '01a20134-5175-7ba0-a3a5-e64a7c34143e';
const START = Date.UTC(2026, 2, 4, 5, 0, 0, 250);
const DAY_MS = 86_400_000;

/** Writes a session file that has a response of so many tokens of input at each of these moments, in ms since START. */
function writeSession(
  history: History,
  responses: readonly (readonly [atMs: number, input: number, turn?: string])[],
  header = {},
) {
  const id = (header as { id?: string }).id ?? THREAD;
  const lines: [object, number][] = [[rollout.header(id, { session_id: THREAD, cwd: '/shop', ...header }), 0]];
  for (const [atMs, input, turnId] of responses) {
    const turn = turnId ?? `01a20134-5194-76b1-8ed0-${String(Math.floor(atMs)).padStart(12, '0')}`;
    lines.push([rollout.turnStarted(turn), atMs - 3], [rollout.turnContext(turn), atMs - 2]);
    lines.push([rollout.usageRecord(id, turn, `${id} at ${atMs}`, { input, output: 1 }), atMs]);
  }
  const text = lines.map(([line, atMs]) => {
    return `${JSON.stringify({ ...line, timestamp: new Date(START + Math.floor(atMs)).toISOString() })}\n`;
  });
  history.write(FILE.replace(THREAD, id), text.join(''));
}

const log = (input?: number, thread = THREAD) => {
  const usage = { input_tokens: input, cached_input_tokens: 0, output_tokens: 1 };
  const completed = { type: 'turn.completed', usage };
  const events = [{ type: 'thread.started', thread_id: thread }, ...(input === undefined ? [] : [completed])];
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
};

/** The input of each iteration, and what belongs to none. */
function readShares({ query }: Pick<History, 'query'>): Record<string, number> {
  const rows = query<{ iteration: number | null; input: number }>(
    `SELECT i.iteration, sum(r.input_tokens) AS input FROM responses r LEFT JOIN invocations i ON i.id = r.invocation_id
     GROUP BY i.iteration ORDER BY i.iteration`,
  );
  return Object.fromEntries(rows.map(({ iteration, input }) => [iteration ?? 'none', input]));
}

function expectSumsToAgree({ query }: Pick<History, 'query'>): void {
  const ofRecords = 'SELECT sum(input_tokens) AS input FROM cost_records';
  const ofInvocations = 'SELECT sum(input_tokens) AS input FROM response_rows WHERE invocation_id IS NOT NULL';
  expect(query(ofRecords)).toEqual(query(ofInvocations));
  const input = 'SELECT sum(input_tokens) AS input FROM';
  expect(query(`${input} buckets`)).toEqual(query(`${input} responses`));
  expect(query(`${input} buckets WHERE project_id = 'shop'`)).toEqual(query(`${input} responses`));
}

/** Imports a session file with responses of so much input, by when they were completed, and opens a folder for what a runner left of its iterations. */
async function importResponses(inputs: Readonly<Record<number, number>>) {
  const history = createHistory();
  writeSession(
    history,
    Object.entries(inputs).map(([atMs, input]) => [Number(atMs), input]),
  );
  await history.import();
  const { keep, backfill } = createRunner(START);
  return { history, keep, backfill: () => backfill(history.database) };
}

describe('iterations on one session file', () => {
  it('take what was completed until their log was last written, the last one too', async () => {
    const { history, keep, backfill } = await importResponses({
      5000: 1,
      9000: 2,
      15000: 4,
      25000: 8,
      [3 * DAY_MS]: 16,
    });
    keep('r/builder/iter-1', { 'codex.log': [log(3), 10_000] });
    keep('r/builder/iter-2', { 'codex.log': [log(7), 20_000], 'result.json': ['{}', 9 * DAY_MS] });
    keep('r/builder/iter-3', { 'codex.log': [log(15), 30_000], 'result.json': ['{}', 9 * DAY_MS] });
    const right = { none: 16, 1: 3, 2: 4, 3: 8 };
    for (let time = 0; time < 2; time++) {
      expect(await backfill()).toEqual({ actual: 3 });
      expect(readShares(history)).toEqual(right);
      expectSumsToAgree(history);
    }
    await history.import();
    expect(readShares(history)).toEqual(right);
  });

  it('are split by time where they follow each other within a second', async () => {
    const { history, keep, backfill } = await importResponses({ 100: 1, 400: 2, 700: 4 });
    for (const [index, writtenMs] of [150, 450, 710].entries()) {
      keep(`r/builder/iter-${index + 1}`, { 'codex.log': [log(1), writtenMs] });
    }
    expect(await backfill()).toEqual({ actual: 3 });
    expect(readShares(history)).toEqual({ 1: 1, 2: 2, 3: 4 });
  });

  it('take all that was completed within the second of their log where its time has no fraction', async () => {
    const { history, keep, backfill } = await importResponses({ 1300: 1, 8700: 2 });
    keep('r/builder/iter-1', { 'codex.log': [log(1), 750] });
    keep('r/builder/iter-2', { 'codex.log': [log(3), 7750] });
    expect(await backfill()).toEqual({ actual: 2 });
    expect(readShares(history)).toEqual({ 1: 1, 2: 2 });
  });

  it('take their sub-agents, and no fork and nothing from before their prompt', async () => {
    const history = createHistory();
    writeSession(history, [
      [1000, 1],
      [6000, 2],
    ]);
    writeSession(history, [[5500, 4]], { id: CHILD, source: { subagent: { thread_spawn: {} } } });
    writeSession(history, [[5600, 8]], { id: FORK, forked_from_id: THREAD, forked_from_ordinal_exclusive: 3 });
    await history.import();
    const { keep, backfill } = createRunner(START);
    keep('r/builder/iter-1', { 'prompt.txt': ['Go on.', 5000], 'codex.log': [log(3), 7000] });
    expect(await backfill(history.database)).toEqual({ actual: 1 });
    expect(readShares(history)).toEqual({ none: 9, 1: 6 });
  });

  it.each(['before', 'after'])(
    'take what a turn of theirs completed later, imported %s they are backfilled',
    async (when) => {
      const history = createHistory();
      const begun = (START + 5000).toString(16).padStart(12, '0');
      const turn = `${begun.slice(0, 8)}-${begun.slice(8)}-7000-8000-000000000001`;
      writeSession(history, [
        [5500, 1],
        [7000, 2, turn],
        [15_000, 4],
      ]);
      if (when === 'before') await history.import();
      const { keep, backfill } = createRunner(START);
      keep('r/builder/iter-1', { 'prompt.txt': ['Go.', 4000], 'codex.log': [log(), 6000] });
      keep('r/builder/iter-2', { 'prompt.txt': ['Go on.', 6500], 'codex.log': [log(), 16_000] });
      await backfill(history.database);
      if (when === 'after') await history.import();
      expect(readShares(history)).toMatchObject({ 1: 3, 2: 4 });
    },
  );

  it('give back what an earlier version gave the last one', async () => {
    const { history, keep, backfill } = await importResponses({ 5000: 1, [3 * DAY_MS]: 2 });
    keep('r/builder/iter-1', { 'codex.log': [log(1), 6000] });
    await backfill();
    const connection = openDatabase(history.database);
    connection.exec('UPDATE response_rows SET invocation_id = (SELECT id FROM invocations)');
    connection.close();
    expect(readShares(history)).toEqual({ 1: 3 });
    await backfill();
    expect(readShares(history)).toEqual({ none: 2, 1: 1 });
    expectSumsToAgree(history);
  });

  it('are given what is there where the whole directory is a copy, younger than all of it', async () => {
    const { history, keep, backfill } = await importResponses({ 5000: 1, 6000: 2 });
    const copied = 5 * DAY_MS;
    keep('r/builder/iter-1', { 'prompt.txt': ['Go.', copied], 'codex.log': [log(3), copied + 20] });
    expect(await backfill()).toEqual({ actual: 1 });
    expect(readShares(history)).toEqual({ 1: 3 });
  });
});

describe('an iteration for which nothing is left', () => {
  it('adds nothing, though its log reports all that the thread has used', async () => {
    const { history, keep, backfill } = await importResponses({ 5000: 1 });
    keep('r/builder/iter-1', { 'codex.log': [log(1), 6000] });
    keep('r/builder/iter-2', { 'codex.log': [log(1), 9000], 'result.json': ['{"message":"Done."}', 9000] });
    for (let time = 0; time < 2; time++) {
      expect(await backfill()).toEqual({ actual: 1, none: 1 });
      expect(readShares(history)).toEqual({ 1: 1 });
    }
    expect(history.query('SELECT reason FROM notes')).toEqual([
      { reason: expect.stringContaining('nothing is added') },
    ]);
  });

  it('adds nothing, and no estimate, where its log reports nothing and its session file has nothing of its time', async () => {
    const { history, keep, backfill } = await importResponses({ 5000: 1 });
    const files = { 'prompt.txt': ['Go on.', 8000], 'codex.log': [log(), 9000] } as const;
    keep('r/builder/iter-2', files);
    expect(await backfill()).toEqual({ none: 1 });
    expect(readShares(history)).toEqual({ none: 1 });
  });

  it('adds what its log reports beyond what is recorded by then', async () => {
    const { history, keep, backfill } = await importResponses({ 5000: 100, [3 * DAY_MS]: 50 });
    keep('r/builder/iter-1', { 'codex.log': [log(100), 6000] });
    keep('r/builder/iter-2', { 'codex.log': [log(120), 9000] });
    expect(await backfill()).toEqual({ actual: 1, parsed: 1 });
    expect(readShares(history)).toEqual({ none: 50, 1: 100, 2: 20 });
  });
});

describe('an iteration without a log', () => {
  const prompt = (writtenMs: number) => ['Go on.', writtenMs] as const;
  const result = (writtenMs: number) => ['{"message":"Done."}', writtenMs] as const;

  it('takes what the thread of its neighbours completed between its prompt and its result', async () => {
    const { history, keep, backfill } = await importResponses({ 5000: 1, 15000: 2, 25000: 4, 35000: 8 });
    keep('r/builder/iter-1', { 'prompt.txt': prompt(1000), 'result.json': result(6000) });
    keep('r/builder/iter-2', { 'codex.log': [log(3), 16_000] });
    keep('r/builder/iter-3', { 'prompt.txt': prompt(20_000), 'result.json': result(26_000) });
    keep('r/builder/iter-4', { 'codex.log': [log(15), 36_000] });
    for (let time = 0; time < 2; time++) {
      expect(await backfill()).toEqual({ actual: 4 });
      expect(readShares(history)).toEqual({ 1: 1, 2: 2, 3: 4, 4: 8 });
    }
    expectSumsToAgree(history);
  });

  it('is estimated where the thread of its neighbours did nothing then, or it is not known when it ran', async () => {
    const { history, keep, backfill } = await importResponses({ 5000: 1, 15000: 2 });
    keep('r/builder/iter-1', { 'codex.log': [log(1), 6000] });
    keep('r/builder/iter-2', { 'prompt.txt': prompt(8000), 'result.json': result(9000) });
    keep('r/builder/iter-3', { 'codex.log': [log(3), 16_000] });
    keep('r/builder/iter-4', { 'result.json': result(17_000) });
    expect(await backfill()).toEqual({ actual: 2, estimated: 2 });
    expect(readShares(history)).toMatchObject({ 1: 1, 3: 2 });
  });
});

/** What the API billed for each of several calls of the real Codex, whose output and prompt a runner kept. */
async function callAndKeep(bench: Workbench, directory: string, calls: readonly (readonly string[])[]) {
  const billed: LedgerEntry[][] = [];
  for (const [index, args] of calls.entries()) {
    const folder = join(directory, 'r', 'builder', `iter-${index + 1}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'prompt.txt'), args.at(-1) ?? '');
    const { exitCode, ledger } = await bench.run(args, { direct: true, into: join(folder, 'codex.log') });
    expect(exitCode).toBe(0);
    billed.push(ledger);
  }
  return billed;
}

const LOOP = {
  prompt: 'loop',
  replies: [
    { calls: [{ tool: 'exec_command', cmd: 'echo one' }], usage: { input: 900, cached: 100, output: 5 } },
    { message: 'Done.', usage: { input: 1100, cached: 900, output: 6, reasoning: 2 } },
  ],
} as const;

describe('iterations of real Codex on one session file equal what the API billed for each', () => {
  const resume = (...rest: string[]) => ['exec', 'resume', '--last', ...rest];

  test.for([
    ['--json', ['--json']],
    ['human-readable', []],
  ] as const)('with %s output, also where it is resumed by hand afterwards', async ([, json], { bench }) => {
    bench.api.add(structuredClone(LOOP) as never);
    const { directory, backfill } = createRunner(START);
    const calls = [['exec', ...json, 'loop'], resume(...json, 'loop'), resume(...json, 'loop')];
    const billed = await callAndKeep(bench, directory, calls);
    const byHand = await bench.run(resume('loop'), { direct: true });
    expect(byHand.ledger.length).toBeGreaterThan(0);
    const { database, codexHome } = bench;
    mkdirSync(dirname(database), { recursive: true });
    await importHistory({ database, homes: { codex: [codexHome], claude: [] } });
    for (let time = 0; time < 2; time++) {
      expect(await backfill(database)).toEqual({ actual: 3 });
      expect(readBilled(database)).toEqual([byHand.ledger, ...billed].map(sumLedger));
    }
  });

  test('where the session file is gone, from what the logs report', async ({ bench }) => {
    bench.api.add(structuredClone(LOOP) as never);
    const { directory, backfill } = createRunner(START);
    const calls = [['exec', '--json', 'loop'], resume('--json', 'loop'), resume('--json', 'loop')];
    const billed = await callAndKeep(bench, directory, calls);
    // A log that was copied reports what the one before it reports.
    const last = join(directory, 'r', 'builder', 'iter-3', 'codex.log');
    const copy = join(directory, 'r', 'builder', 'iter-4', 'codex.log');
    mkdirSync(dirname(copy), { recursive: true });
    appendFileSync(copy, readFileSync(last));
    mkdirSync(dirname(bench.database), { recursive: true });
    expect(await backfill(bench.database)).toEqual({ parsed: 3, none: 1 });
    expect(readBilled(bench.database)).toEqual(billed.map(sumLedger));
  });
});

/** The sums of what belongs to no iteration, and of each of them. */
function readBilled(database: string): unknown[] {
  const assigned = 'responses r LEFT JOIN invocations i ON i.id = r.invocation_id';
  return query(database, `SELECT ${SUMS} FROM ${assigned} GROUP BY i.iteration ORDER BY i.iteration`);
}
