import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeEach, describe, expect } from 'vitest';
import { expectExact, recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import type { Ended, Workbench } from '../harness/workbench.js';
import { LOOP, SCRIPT } from '../scripted-api/scenarios.js';
import { answer, FAILURE, shell, turn } from '../scripted-api/script.js';

beforeEach<{ bench: Workbench }>(({ bench }) => bench.api.add(LOOP, turn('refuse', FAILURE), ...SCRIPT));

const threadOf = (bench: Workbench, run: Ended) => String(recordOf(bench, run).threadId);

const SCHEMA = {
  type: 'object',
  properties: { verdict: { type: 'string' } },
  required: ['verdict'],
  additionalProperties: false,
};

describe('the record equals the ledger of the API', () => {
  test('when a thread is forked, and when the original and the fork are resumed afterwards', async ({ bench }) => {
    const first = await bench.run(['exec', '--json', 'greet']);
    const threadId = threadOf(bench, first);
    const fork = await bench.run(['exec', 'fork', threadId, '--json', 'greet']);
    const resumed = await bench.run(['exec', 'resume', threadId, '--json', 'greet']);
    for (const run of [first, fork, resumed]) expect(expectExact(bench, run, 1)).toMatchObject({ notes: [] });
    const forkId = threadOf(bench, fork);
    const forkResumed = await bench.run(['exec', 'resume', forkId, '--json', 'greet']);
    expect(expectExact(bench, forkResumed, 1)).toMatchObject({ threadId: forkId, notes: [] });
  });

  test('when the first turn of a fork fails, and the fork is resumed', async ({ bench }) => {
    const first = await bench.run(['exec', '--json', 'greet']);
    const fork = await bench.run(['exec', '--json', 'fork', threadOf(bench, first), 'refuse']);
    expect(fork.exitCode).toBe(1);
    expectExact(bench, fork, 0);
    expectExact(bench, await bench.run(['exec', '--json', 'resume', threadOf(bench, fork), 'greet']), 1);
  });

  test('when a thread is resumed by --last and, twice, by its id', async ({ bench }) => {
    const first = await bench.run(['exec', '--json', 'greet']);
    const { threadId } = expectExact(bench, first, 1);
    const resumed: [Ended, number][] = [
      [await bench.run(['exec', '--json', 'resume', '--last', 'loop']), 2],
      [await bench.run(['exec', 'resume', String(threadId), '--json', 'greet again']), 1],
      [await bench.run(['exec', 'resume', String(threadId), 'loop again']), 2],
    ];
    for (const [run, count] of resumed) {
      expect(expectExact(bench, run, count)).toMatchObject({ threadId, notes: [] });
    }
    expectExact(bench, first, 1);
  });

  test('when a thread that was never metered is resumed: its earlier turns are not counted', async ({ bench }) => {
    await bench.run(['exec', '--json', 'loop'], { direct: true });
    expectExact(bench, await bench.run(['exec', '--json', 'resume', '--last', 'greet']), 1);
  });

  test('when a thread is resumed from another folder', async ({ bench }) => {
    const threadId = threadOf(bench, await bench.run(['exec', '--json', 'loop']));
    const cwd = join(bench.folder, 'elsewhere');
    mkdirSync(cwd);
    const args = ['exec', '--skip-git-repo-check', 'resume', threadId, '--json', 'loop'];
    expect(expectExact(bench, await bench.run(args, { cwd }), 2)).toMatchObject({ threadId, notes: [] });
  });

  test('when a resume names no thread and Codex starts a new one', async ({ bench }) => {
    const run = await bench.run(['exec', '--json', 'resume', 'no-such-thread', 'loop']);
    expect(expectExact(bench, run, 2)).toMatchObject({ notes: [] });
  });

  test('when two runs resume one thread, each under its own run id', async ({ bench }) => {
    const ids = [
      ['a', 1],
      ['b', 1],
      ['a', 2],
    ] as const;
    for (const [index, [runId, iteration]] of ids.entries()) {
      const resume = index === 0 ? [] : ['resume', '--last'];
      const run = await bench.run(['exec', '--json', ...resume, 'loop'], { meter: ['--meter-run-id', runId] });
      expect(expectExact(bench, run, 2)).toMatchObject({ runId, iteration });
    }
  });

  test('when the API compacts the context', async ({ bench }) => {
    bench.configure({ model: 'gpt-6.1-sol', provider: 'OpenAI' });
    bench.api.add({
      ...turn('loop', shell('echo one', { input: 5000, cached: 1000, output: 30 }), answer('Done.')),
      compaction: { compaction: 'c3VtbWFyeQ==', usage: { input: 5100, cached: 4900, output: 310 } },
    });
    const run = await bench.run(['exec', '--json', '-c', 'model_auto_compact_token_limit=4000', 'loop']);
    expect(run.ledger.map(({ requestKind }) => requestKind)).toEqual(['turn', 'compaction', 'turn']);
    expectExact(bench, run);
  });

  test.for([
    ['relative', (home: string) => join('..', basename(home))],
    ['relative to the folder of -C, too', (home: string) => join('..', basename(home)), ['-C', 'aisle']],
    ['with a slash at its end', (home: string) => `${home}/`],
    [
      'a link',
      (home: string) => {
        symlinkSync(home, `${home}-link`);
        return `${home}-link`;
      },
    ],
    [
      'of sessions that are a link',
      (home: string) => {
        mkdirSync(`${home}-sessions`);
        symlinkSync(`${home}-sessions`, join(home, 'sessions'));
        return home;
      },
    ],
  ] as const)('with a CODEX_HOME %s', async ([, place, options = []], { bench }) => {
    mkdirSync(join(bench.workTree, 'aisle'));
    const env = { CODEX_HOME: place(bench.codexHome) };
    const first = await bench.run(['exec', '--json', ...options, 'loop'], { env });
    const resumed = await bench.run(['exec', ...options, 'resume', '--last', 'loop'], { env });
    for (const run of [first, resumed]) expect(expectExact(bench, run, 2)).toMatchObject({ notes: [] });
  });

  test('with -C, an output schema, a file for the answer and the SDK’s name for --json', async ({ bench }) => {
    bench.api.add(turn('judge', answer('{"verdict":"done"}')));
    const schema = join(bench.folder, 'schema.json');
    const output = join(bench.folder, 'r9', 'reviewer', 'iter-4', 'result.json');
    mkdirSync(dirname(output), { recursive: true });
    writeFileSync(schema, JSON.stringify(SCHEMA));
    const args = ['exec', '--experimental-json', '-C', bench.workTree, '--output-schema', schema, '-o', output];
    const run = await bench.run([...args, 'judge'], { cwd: bench.folder });
    expect(readFileSync(output, 'utf8')).toContain('done');
    const attribution = { projectId: 'shop', runId: 'r9', phase: 'reviewer', iteration: 4 };
    expect(expectExact(bench, run, 1)).toMatchObject({ ...attribution, notes: [] });
  });
});
