import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect } from 'vitest';
import { expectExact, recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import { callThenAnswer } from '../scripted-api/scenarios.js';

const LOOP = callThenAnswer('loop', '{"verdict":"done"}');

describe('the record equals the ledger of the API', () => {
  test('when a thread is resumed from another folder', async ({ bench }) => {
    bench.api.add(LOOP);
    const first = await bench.run(['exec', '--json', 'loop']);
    const elsewhere = join(bench.folder, 'elsewhere');
    mkdirSync(elsewhere);
    const { threadId } = recordOf(bench, first);
    const resumed = await bench.run(['exec', '--skip-git-repo-check', 'resume', String(threadId), '--json', 'loop'], {
      cwd: elsewhere,
    });
    expect(resumed.ledger).toHaveLength(2);
    expect(expectExact(bench, resumed)).toMatchObject({ threadId, notes: [] });
  });

  test('when a resume names no thread and Codex starts a new one', async ({ bench }) => {
    bench.api.add(LOOP);
    const run = await bench.run(['exec', '--json', 'resume', 'no-such-thread', 'loop']);
    expect(run.ledger).toHaveLength(2);
    expect(expectExact(bench, run)).toMatchObject({ notes: [] });
  });

  test('when two runs resume one thread, each under its own run id', async ({ bench }) => {
    bench.api.add(LOOP);
    const first = await bench.run(['exec', '--json', 'loop'], { meter: ['--meter-run-id', 'a'] });
    const second = await bench.run(['exec', '--json', 'resume', '--last', 'loop'], { meter: ['--meter-run-id', 'b'] });
    const third = await bench.run(['exec', '--json', 'resume', '--last', 'loop'], { meter: ['--meter-run-id', 'a'] });
    expect(expectExact(bench, first)).toMatchObject({ runId: 'a', iteration: 1 });
    expect(expectExact(bench, second)).toMatchObject({ runId: 'b', iteration: 1 });
    expect(expectExact(bench, third)).toMatchObject({ runId: 'a', iteration: 2 });
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
    bench.api.add(LOOP);
    mkdirSync(join(bench.workTree, 'aisle'));
    const env = { CODEX_HOME: place(bench.codexHome) };
    const first = await bench.run(['exec', '--json', ...options, 'loop'], { env });
    const resumed = await bench.run(['exec', ...options, 'resume', '--last', 'loop'], { env });
    for (const run of [first, resumed]) {
      expect(run.ledger).toHaveLength(2);
      expect(expectExact(bench, run)).toMatchObject({ notes: [] });
    }
  });

  test('with -C, an output schema, a file for the answer and the SDK’s name for --json', async ({ bench }) => {
    bench.api.add(LOOP);
    const schema = join(bench.folder, 'schema.json');
    const answer = join(bench.folder, 'r9', 'reviewer', 'iter-4', 'result.json');
    mkdirSync(join(answer, '..'), { recursive: true });
    writeFileSync(
      schema,
      JSON.stringify({
        type: 'object',
        properties: { verdict: { type: 'string' } },
        required: ['verdict'],
        additionalProperties: false,
      }),
    );
    const run = await bench.run(
      ['exec', '--experimental-json', '-C', bench.workTree, '--output-schema', schema, '-o', answer, 'loop'],
      { cwd: bench.folder },
    );
    expect(readFileSync(answer, 'utf8')).toContain('done');
    expect(expectExact(bench, run)).toMatchObject({
      projectId: 'shop',
      runId: 'r9',
      phase: 'reviewer',
      iteration: 4,
      notes: [],
    });
  });
});
