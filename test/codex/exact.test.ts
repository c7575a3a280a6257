import { beforeEach, describe, expect } from 'vitest';
import { findMeter, listCodex, stateOf, untilMetersEnd } from '../harness/children.js';
import { expectExact, ofItsThread, readRecord, readRecordSoFar } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import type { Running, Workbench } from '../harness/workbench.js';
import { SCRIPT } from '../scripted-api/scenarios.js';
import { answer, shell, turn } from '../scripted-api/script.js';

beforeEach<{ bench: Workbench }>(({ bench }) => bench.api.add(...SCRIPT));

/** Starts a run whose first response is billed and whose second never ends. */
async function startEndless(bench: Workbench): Promise<Running> {
  const running = bench.start(['exec', '--json', 'endless']);
  await waitFor('the second request', () => bench.api.requests.length === 2);
  return running;
}

describe('the record equals the ledger of the API', () => {
  test.for<[string, number, string[]]>([
    ['one turn', 1, ['exec', '--json', 'greet']],
    ['a tool loop', 3, ['exec', '--json', 'loop']],
    ['cache writes', 2, ['exec', '--json', 'remember']],
    ['one turn by the alias e with global options before it', 1, ['-a', 'never', 'e', '--json', 'greet']],
    ['one turn in human mode, piped', 1, ['exec', 'greet']],
    ['a tool loop in human mode, piped', 3, ['exec', 'loop']],
    ['a review', 2, ['exec', 'review', '--uncommitted', '--json']],
    ['a review in human mode', 2, ['exec', 'review', '--uncommitted']],
  ])('after %s', async ([, responses, args], { bench }) => {
    const run = await bench.run(args);
    expect(run.exitCode).toBe(0);
    expect(expectExact(bench, run, responses)).toMatchObject({ status: 'completed', exitCode: 0, notes: [] });
    expect(bench.api.unmatched).toEqual([]);
  });

  test('when the prompt comes on stdin', async ({ bench }) => {
    expectExact(bench, await bench.run(['exec', '--json', '-'], { stdin: 'greet everybody' }), 1);
  });

  test('when the turn fails after a response that was billed', async ({ bench }) => {
    const run = await bench.run(['exec', '--json', 'fail']);
    expect(run.exitCode).toBe(1);
    expect(expectExact(bench, run, 1)).toMatchObject({ status: 'failed', exitCode: 1 });
  });

  test.for([['--json'], []])('when a stream is cut and the request is made again, with %j', async (json, { bench }) => {
    bench.api.add(
      turn(
        'cut',
        { reasoning: 'Hm.', message: 'Part', cut: true },
        shell('echo one', { input: 2100, output: 30 }),
        { ...shell('echo two'), cut: true },
        answer('Whole.', { input: 2500, cached: 2048, output: 21 }),
      ),
    );
    expectExact(bench, await bench.run(['exec', ...json, 'cut']), 2);
  });

  test('when Codex compacts the context on its own', async ({ bench }) => {
    const run = await bench.run(['exec', '--json', '-c', 'model_auto_compact_token_limit=5300', 'loop']);
    expect(run.ledger.map(({ requestKind }) => requestKind)).toContain('compaction');
    expect(expectExact(bench, run)).toMatchObject({ notes: [] });
  });

  test.for([
    ['SIGINT', { exitCode: 1, signal: null }],
    ['SIGTERM', { exitCode: null, signal: 'SIGTERM' }],
    ['SIGHUP', { exitCode: null, signal: 'SIGHUP' }],
    ['SIGKILL', { exitCode: null, signal: 'SIGKILL' }],
  ] as const)('when the run is ended by %s', async ([signal, ended], { bench }) => {
    const running = await startEndless(bench);
    if (signal === 'SIGKILL') for (const pid of listCodex(running.pid)) process.kill(pid, signal);
    else running.kill(signal);
    const run = await running.ended;
    expect(run).toMatchObject(ended);
    expect(expectExact(bench, run, 1)).toMatchObject({ status: 'interrupted', signal, exitCode: ended.exitCode });
  });

  test('when several runs go on side by side in one folder', async ({ bench }) => {
    const prompts = ['alpha', 'beta', 'gamma', 'delta'];
    for (const [index, prompt] of prompts.entries()) {
      const usage = { input: 1000 * (index + 1), cached: index, output: 10 + index };
      bench.api.add(turn(prompt, shell('echo one', usage), shell(['echo two', 'ls'], usage), answer('Done.', usage)));
    }
    const runs = prompts.map((prompt, index) => bench.run(['exec', ...(index % 2 ? ['--json'] : []), prompt]));
    for (const run of await Promise.all(runs)) expectExact(bench, ofItsThread(bench, run), 3);
    const iterations = readRecord(bench.database).map(({ iteration }) => iteration);
    expect(iterations.sort()).toEqual([1, 2, 3, 4]);
  });
});

describe('when the meter itself is killed', () => {
  /** Kills the meter of a run whose thread is recorded. Returns how its Codex, which goes on, is killed. */
  async function killMeter(bench: Workbench) {
    const running = await startEndless(bench);
    await waitFor('the thread', () => readRecordSoFar(bench)[0]?.threadId ?? undefined);
    const codex = listCodex(running.pid);
    const meter = await findMeter(running.pid);
    process.kill(meter, 'SIGKILL');
    await waitFor('the end of the meter', () => stateOf(meter) === undefined);
    return async () => {
      for (const pid of codex) process.kill(pid, 'SIGKILL');
      return await running.ended;
    };
  }

  test('the next codex-metered settles the run from its session file', async ({ bench }) => {
    const killCodex = await killMeter(bench);
    const run = await killCodex();
    await bench.run(['exec', '--json', 'greet']);
    // A meter answers its front first, and then settles what others left.
    await untilMetersEnd(bench.folder);
    expect(expectExact(bench, run)).toMatchObject({ status: 'abandoned', notes: [{ kind: 'fault' }] });
  });

  test('nothing is settled while its Codex still works', async ({ bench }) => {
    const killCodex = await killMeter(bench);
    await bench.run(['exec', '--json', 'greet']);
    expect(readRecord(bench.database)[0]).toMatchObject({ status: 'running' });
    await killCodex();
  });
});
