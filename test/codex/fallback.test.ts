import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import type { Workbench } from '../harness/workbench.js';
import type { Scenario } from '../scripted-api/script.js';

/** This provider reports no usage for any response. */
const UNREPORTED: Scenario = {
  prompt: 'loop',
  replies: [
    { calls: [{ tool: 'exec_command', cmd: 'echo one' }], usage: null },
    { calls: [{ tool: 'exec_command', cmd: 'seq 1 400' }], usage: null },
    { message: 'All done.', usage: null },
  ],
};

describe('a provider that reports no usage', () => {
  test.for([['--json'], []])(
    'is estimated response by response, the growing context each time, with %j',
    async (json, { bench }) => {
      bench.api.add(UNREPORTED);
      const run = await bench.run(['exec', ...json, 'loop']);
      const { responses, costRecords, notes } = recordOf(bench, run);
      expect(responses.map(({ source, evidence }) => `${source} by ${evidence}`)).toEqual(
        Array(3).fill('estimated by tokenizer'),
      );
      const [first = 0, second = 0, third = 0] = responses.map(({ input }) => input);
      expect(second).toBeGreaterThan(first);
      // The tool answered with the numbers from 1 to 400.
      expect(third - second).toBeGreaterThan(400);
      expect(responses.every(({ output }) => output > 0)).toBe(true);
      expect(costRecords).toMatchObject([{ source: 'estimated', isActual: 0, input: first + second + third }]);
      expect(notes).toMatchObject([{ kind: 'fallback', reason: expect.stringContaining('reported no usage') }]);
    },
  );

  test('is in the log, with the invocation, the reason and the figures', async ({ bench }) => {
    bench.api.add(UNREPORTED);
    const run = await bench.run(['exec', '--json', 'loop']);
    const { id, responses } = recordOf(bench, run);
    expect(readLog(bench)).toMatchObject([
      {
        level: 40,
        invocation: id,
        kind: 'fallback',
        msg: expect.stringContaining('reported no usage'),
        source: 'estimated',
        responses: 3,
        input: responses.reduce((sum, { input }) => sum + input, 0),
      },
    ]);
  });

  test.for([['--json'], []])(
    'is estimated where it leaves usage out, and exact where it reports, with %j',
    async (json, { bench }) => {
      bench.api.add({
        prompt: 'loop',
        replies: [
          { calls: [{ tool: 'exec_command', cmd: 'echo one' }], usage: { input: 900, cached: 3, output: 5 } },
          { calls: [{ tool: 'exec_command', cmd: 'echo two' }], usage: null },
          { message: 'All done.', usage: { input: 1100, output: 6 } },
        ],
      });
      const run = await bench.run(['exec', ...json, 'loop']);
      expect(recordOf(bench, run).responses).toMatchObject([
        { source: 'actual', input: 900, cached: 3, output: 5 },
        { source: 'estimated' },
        { source: 'actual', input: 1100, output: 6 },
      ]);
    },
  );
});

test('nothing is estimated for a response that was cut off for good', async ({ bench }) => {
  bench.api.add({
    prompt: 'cut',
    replies: [
      { calls: [{ tool: 'exec_command', cmd: 'echo one' }], usage: { input: 900, output: 5 } },
      { message: 'Half an ans', cut: true },
    ],
  });
  const run = await bench.run(['exec', '--json', '-c', 'model_providers.scripted.stream_max_retries=1', 'cut']);
  expect(run.exitCode).toBe(1);
  expect(recordOf(bench, run)).toMatchObject({ status: 'failed', responses: [{ source: 'actual', input: 900 }] });
});

test.for([['--json'], []])(
  'a resumed turn that fails is not given the total of the whole thread, nor said to have no session file, with %j',
  async (json, { bench }) => {
    bench.api.add(
      { prompt: 'greet', replies: [{ message: 'Hello.', usage: { input: 5000, cached: 256, output: 70 } }] },
      { prompt: 'fail', replies: [{ fail: { code: 'invalid_prompt', message: 'no' } }] },
    );
    const first = await bench.run(['exec', '--json', 'greet']);
    const resumed = await bench.run(['exec', ...json, 'resume', String(recordOf(bench, first).threadId), 'fail']);
    expect(resumed.exitCode).toBe(1);
    const { responses, notes } = recordOf(bench, resumed);
    expect(responses).toEqual([]);
    expect(notes.map(({ reason }) => reason)).toEqual([
      'no evidence of what was used: the session file counts no response of this run, and no counts of it in the output',
    ]);
  },
);

function readLog({ stateFolder }: Workbench): unknown[] {
  const lines = readFileSync(join(stateFolder, 'codex-metered.log'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line));
}
