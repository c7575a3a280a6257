import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { findMeter, listCodex, stateOf, untilMetersEnd } from '../harness/children.js';
import { expectExact, readRecord, recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import { USAGE, type Workbench } from '../harness/workbench.js';
import type { Scenario } from '../scripted-api/script.js';

const ONE_TURN: Scenario = {
  prompt: 'greet',
  replies: [
    {
      reasoning: 'Short.',
      message: 'Hello.',
      usage: { input: 5200, cached: 1100, cacheWrite: 64, output: 90, reasoning: 40 },
    },
  ],
};

const TOOL_LOOP: Scenario = {
  prompt: 'loop',
  replies: [
    {
      reasoning: 'Look.',
      calls: [{ tool: 'exec_command', cmd: 'echo one' }],
      usage: { input: 5000, cached: 256, output: 70, reasoning: 11 },
    },
    {
      calls: [
        { tool: 'exec_command', cmd: 'echo two' },
        { tool: 'exec_command', cmd: 'echo three' },
      ],
      usage: { input: 5400, cached: 4992, output: 61 },
    },
    { message: 'Done.', usage: { input: 5900, cached: 5376, cacheWrite: 128, output: 33 } },
  ],
};

const REVIEW: Scenario = {
  prompt: /review/i,
  replies: [
    { calls: [{ tool: 'exec_command', cmd: 'git status' }], usage: { input: 3000, cached: 12, output: 41 } },
    {
      message:
        '{"findings":[],"overall_correctness":"patch is correct","overall_explanation":"Fine.","overall_confidence_score":1}',
      usage: { input: 3300, cached: 2900, output: 77, reasoning: 5 },
    },
  ],
};

/** A response that is billed, then one that never ends. */
const ENDLESS: Scenario = {
  prompt: 'endless',
  replies: [
    { calls: [{ tool: 'exec_command', cmd: 'echo one' }], usage: { input: 4100, cached: 77, output: 52 } },
    { message: 'And so on', hang: true },
  ],
};

describe('the record equals the ledger of the API', () => {
  test.for([
    ['one turn', ONE_TURN, ['exec', '--json', 'greet']],
    ['a tool loop', TOOL_LOOP, ['exec', '--json', 'loop']],
    [
      'one turn by the alias e with global options before it',
      ONE_TURN,
      ['--ask-for-approval', 'never', 'e', '--json', 'greet'],
    ],
    ['one turn in human mode, piped', ONE_TURN, ['exec', 'greet']],
    ['a tool loop in human mode, piped', TOOL_LOOP, ['exec', 'loop']],
    ['a review', REVIEW, ['exec', 'review', '--uncommitted', '--json']],
    ['a review in human mode', REVIEW, ['exec', 'review', '--uncommitted']],
  ] as const)('after %s', async ([, scenario, args], { bench }) => {
    bench.api.add(scenario);
    const run = await bench.run(args);
    expect(run.exitCode).toBe(0);
    expect(run.ledger).toHaveLength(scenario.replies.length);
    expect(expectExact(bench, run)).toMatchObject({ status: 'completed', exitCode: 0, notes: [] });
    expect(bench.api.unmatched).toEqual([]);
  });

  test('when the prompt comes on stdin', async ({ bench }) => {
    bench.api.add(ONE_TURN);
    const run = await bench.run(['exec', '--json', '-'], { stdin: 'greet everybody' });
    expect(run.ledger).toHaveLength(1);
    expectExact(bench, run);
  });

  test('when a thread is resumed by --last and, twice, by its id', async ({ bench }) => {
    bench.api.add(ONE_TURN, TOOL_LOOP);
    const first = await bench.run(['exec', '--json', 'greet']);
    const { threadId } = expectExact(bench, first);
    const resumed = [
      await bench.run(['exec', '--json', 'resume', '--last', 'loop']),
      await bench.run(['exec', 'resume', String(threadId), '--json', 'greet again']),
      await bench.run(['exec', 'resume', String(threadId), 'loop again']),
    ];
    for (const run of resumed) expect(expectExact(bench, run)).toMatchObject({ threadId, notes: [] });
    expect(resumed.map(({ ledger }) => ledger.length)).toEqual([3, 1, 3]);
    expectExact(bench, first);
  });

  test('when a thread that was never metered is resumed: its earlier turns are not counted', async ({ bench }) => {
    bench.api.add(ONE_TURN, TOOL_LOOP);
    await bench.run(['exec', '--json', 'loop'], { direct: true });
    const run = await bench.run(['exec', '--json', 'resume', '--last', 'greet']);
    expect(run.ledger).toHaveLength(1);
    expectExact(bench, run);
  });

  test('when the turn fails after a response that was billed', async ({ bench }) => {
    bench.api.add({
      prompt: 'fail',
      replies: [
        { calls: [{ tool: 'exec_command', cmd: 'echo one' }], usage: { input: 700, cached: 3, output: 7 } },
        { fail: { code: 'invalid_prompt', message: 'no' } },
      ],
    });
    const run = await bench.run(['exec', '--json', 'fail']);
    expect(run.exitCode).toBe(1);
    expect(run.ledger).toHaveLength(1);
    expect(expectExact(bench, run)).toMatchObject({ status: 'failed', exitCode: 1 });
  });

  test.for([['--json'], []])('when a stream is cut and the request is made again, with %j', async (json, { bench }) => {
    bench.api.add({
      prompt: 'cut',
      replies: [
        { reasoning: 'Hm.', message: 'Part', cut: true },
        { calls: [{ tool: 'exec_command', cmd: 'echo one' }], usage: { input: 2100, output: 30 } },
        { calls: [{ tool: 'exec_command', cmd: 'echo two' }], cut: true },
        { message: 'Whole.', usage: { input: 2500, cached: 2048, output: 21 } },
      ],
    });
    const run = await bench.run(['exec', ...json, 'cut']);
    expect(run.ledger).toHaveLength(2);
    expectExact(bench, run);
  });

  test('when Codex compacts the context on its own', async ({ bench }) => {
    bench.api.add(
      {
        prompt: /summary of its thinking process/,
        replies: [{ message: 'Done.', usage: { input: 1200, output: 15 } }],
      },
      TOOL_LOOP,
    );
    const run = await bench.run(['exec', '--json', '-c', 'model_auto_compact_token_limit=5300', 'loop']);
    expect(run.ledger.map(({ requestKind }) => requestKind)).toContain('compaction');
    expect(expectExact(bench, run)).toMatchObject({ notes: [] });
  });

  test.for([
    ['SIGINT', { exitCode: 1, signal: null }],
    ['SIGTERM', { exitCode: null, signal: 'SIGTERM' }],
    ['SIGHUP', { exitCode: null, signal: 'SIGHUP' }],
  ] as const)('when the run is ended by %s', async ([signal, ended], { bench }) => {
    bench.api.add(ENDLESS);
    const running = bench.start(['exec', '--json', 'endless']);
    await waitFor('the second request', () => bench.api.requests.length === 2);
    running.kill(signal);
    const run = await running.ended;
    expect(run).toMatchObject(ended);
    expect(run.ledger).toHaveLength(1);
    expect(expectExact(bench, run)).toMatchObject({ status: 'interrupted', signal, exitCode: ended.exitCode });
  });

  test('when Codex is killed by SIGKILL', async ({ bench }) => {
    bench.api.add(ENDLESS);
    const running = bench.start(['exec', '--json', 'endless']);
    await waitFor('the second request', () => bench.api.requests.length === 2);
    for (const pid of listCodex(running.pid)) process.kill(pid, 'SIGKILL');
    const run = await running.ended;
    expect(run.signal).toBe('SIGKILL');
    expect(expectExact(bench, run)).toMatchObject({ status: 'interrupted', signal: 'SIGKILL' });
  });

  test('when several runs go on side by side in one folder', async ({ bench }) => {
    const prompts = ['alpha', 'beta', 'gamma', 'delta'];
    bench.api.add(
      ...prompts.map((prompt, index) => ({
        prompt,
        replies: TOOL_LOOP.replies.map((reply) => ({
          ...reply,
          usage: { input: 1000 * (index + 1), cached: index, output: 10 + index },
        })),
      })),
    );
    const runs = await Promise.all(
      prompts.map((prompt, index) => bench.run(['exec', ...(index % 2 ? ['--json'] : []), prompt])),
    );
    for (const run of runs) {
      const { threadId } = recordOf(bench, run);
      const ledger = bench.api.ledger.filter((entry) => entry.threadId === threadId);
      expect(ledger).toHaveLength(3);
      expectExact(bench, { ...run, ledger });
    }
    expect(
      readRecord(bench.database)
        .map(({ iteration }) => iteration)
        .sort(),
    ).toEqual([1, 2, 3, 4]);
  });
});

describe('when the meter itself is killed', () => {
  test.for([
    ['codex-metered', (bench: Workbench): Promise<unknown> => bench.run(['exec', '--json', 'greet'])],
    [
      'codex-usage',
      async (bench: Workbench): Promise<unknown> => execa(USAGE, ['run'], { env: bench.env, reject: false }),
    ],
  ] as const)('the next %s settles the run from its session file', async ([, next], { bench }) => {
    bench.api.add(ENDLESS, ONE_TURN);
    const running = bench.start(['exec', '--json', 'endless']);
    await waitFor('the second request', () => bench.api.requests.length === 2);
    await waitFor('the thread', () => readThread(bench));
    const codex = listCodex(running.pid);
    process.kill(await findMeter(running.pid), 'SIGKILL');
    for (const pid of codex) process.kill(pid, 'SIGKILL');
    const run = await running.ended;
    await next(bench);
    // A meter answers its front first, and then settles what others left.
    await untilMetersEnd(bench.folder);
    const [settled] = readRecord(bench.database);
    expect(settled).toMatchObject({ status: 'abandoned' });
    expect(settled?.notes.map(({ kind }) => kind)).toEqual(['fault']);
    expectExact(bench, run);
  });

  test('nothing is settled while its Codex still works', async ({ bench }) => {
    bench.api.add(ENDLESS, ONE_TURN);
    const running = bench.start(['exec', '--json', 'endless']);
    await waitFor('the second request', () => bench.api.requests.length === 2);
    await waitFor('the thread', () => readThread(bench));
    const codex = listCodex(running.pid);
    const meter = await findMeter(running.pid);
    process.kill(meter, 'SIGKILL');
    await waitFor('the end of the meter', () => stateOf(meter) === undefined);
    await bench.run(['exec', '--json', 'greet']);
    expect(readRecord(bench.database)[0]).toMatchObject({ status: 'running' });
    for (const pid of codex) process.kill(pid, 'SIGKILL');
    await running.ended;
  });
});

describe('while Codex works', () => {
  test('a response is in the database before the next one ends', async ({ bench }) => {
    let release: () => void = () => undefined;
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    bench.api.add({
      prompt: 'wait',
      replies: [
        { calls: [{ tool: 'exec_command', cmd: 'echo one' }], usage: { input: 800, output: 12 } },
        { message: 'Done.', usage: { input: 900, output: 5 }, until },
      ],
    });
    const running = bench.start(['exec', '--json', 'wait']);
    await waitFor('the first row', () => {
      try {
        return readRecord(bench.database)[0]?.costRecords.some(({ input }) => input === 800);
      } catch {
        return false;
      }
    });
    expect(readRecord(bench.database)[0]).toMatchObject({ status: 'running' });
    release();
    expectExact(bench, await running.ended);
  });
});

/** The thread of the first invocation, once its meter has recorded it. */
function readThread({ database }: Workbench): string | undefined {
  try {
    return readRecord(database)[0]?.threadId ?? undefined;
  } catch {
    // The meter has not made the database yet.
    return undefined;
  }
}
