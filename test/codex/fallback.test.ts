import { describe, expect } from 'vitest';
import { readLog, recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import { answer, FAILURE, type Scenario, shell, turn } from '../scripted-api/script.js';

/** This provider reports no usage for any response. */
const UNREPORTED: Scenario = turn('loop', shell('echo one', null), shell('seq 1 400', null), answer('All done.', null));

describe('a provider that reports no usage', () => {
  test.for([['--json'], []])(
    'is estimated response by response, the growing context each time, and that is logged, with %j',
    async (json, { bench }) => {
      bench.api.add(UNREPORTED);
      const run = await bench.run(['exec', ...json, 'loop']);
      const { id, responses, costRecords, notes } = recordOf(bench, run);
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
      expect(readLog(bench)).toMatchObject([
        {
          ...{ level: 40, invocation: id, kind: 'fallback', msg: expect.stringContaining('reported no usage') },
          ...{ source: 'estimated', responses: 3, input: first + second + third },
        },
      ]);
    },
  );

  test.for([['--json'], []])(
    'is estimated where it leaves usage out, and exact where it reports, with %j',
    async (json, { bench }) => {
      bench.api.add(
        turn(
          'loop',
          shell('echo one', { input: 900, cached: 3, output: 5 }),
          shell('echo two', null),
          answer('All done.', { input: 1100, output: 6 }),
        ),
      );
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
  bench.api.add(turn('cut', shell('echo one', { input: 900, output: 5 }), { message: 'Half an ans', cut: true }));
  const run = await bench.run(['exec', '--json', '-c', 'model_providers.scripted.stream_max_retries=1', 'cut']);
  expect(run.exitCode).toBe(1);
  expect(recordOf(bench, run)).toMatchObject({ status: 'failed', responses: [{ source: 'actual', input: 900 }] });
});

test.for([['--json'], []])(
  'a resumed turn that fails is not given the total of the whole thread, nor said to have no session file, with %j',
  async (json, { bench }) => {
    bench.api.add(turn('greet', answer('Hello.', { input: 5000, cached: 256, output: 70 })), turn('fail', FAILURE));
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
