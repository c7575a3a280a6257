import { describe, expect } from 'vitest';
import { withoutVarying } from '../harness/compare.js';
import { expectExact, recordOf } from '../harness/record.js';
import { startOnTerminal } from '../harness/terminal.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import { callThenAnswer } from '../scripted-api/scenarios.js';
import type { Scenario } from '../scripted-api/script.js';

const LOOP = callThenAnswer('loop', 'All done.');

const ENDLESS: Scenario = {
  prompt: 'endless',
  replies: [
    { calls: [{ tool: 'exec_command', cmd: 'echo one' }], usage: { input: 4100, cached: 77, output: 52 } },
    { message: 'And so on', hang: true },
  ],
};

describe('on a terminal', () => {
  test.for([
    ['human mode', []],
    ['--json', ['--json']],
  ] as const)('%s is exact and stays on the terminal', async ([, json], { bench }) => {
    bench.api.add(LOOP);
    const run = await startOnTerminal(bench, ['exec', ...json, 'loop']).ended;
    expect(run.exitCode).toBe(0);
    expect(run.ledger).toHaveLength(2);
    expectExact(bench, run);
    // Only a terminal gets colours.
    if (json.length === 0) expect(run.screen).toContain('\u001b[');
  });

  test.for([[['exec', 'loop']], [['exec', '--json', 'loop']]])(
    'a program that has opened it reads what it reads without us: %j',
    async ([args = []], { bench }) => {
      bench.api.add(LOOP);
      const direct = await startOnTerminal(bench, args, { direct: true }).ended;
      const metered = await startOnTerminal(bench, args).ended;
      expect(withoutVarying(metered.screen)).toBe(withoutVarying(direct.screen));
      expectExact(bench, metered);
    },
  );

  test('a review is exact', async ({ bench }) => {
    bench.api.add({
      prompt: /review/i,
      replies: [
        {
          message:
            '{"findings":[],"overall_correctness":"patch is correct","overall_explanation":"Fine.","overall_confidence_score":1}',
          usage: { input: 3300, cached: 2900, output: 77 },
        },
      ],
    });
    const run = await startOnTerminal(bench, ['exec', 'review', '--uncommitted']).ended;
    expect(run.ledger).toHaveLength(1);
    expect(expectExact(bench, run)).toMatchObject({ phase: 'reviewer' });
  });

  test('several runs at once in one folder are distinguished', async ({ bench }) => {
    bench.api.add(LOOP);
    const runs = await Promise.all([1, 2, 3].map((n) => startOnTerminal(bench, ['exec', `loop ${n}`]).ended));
    for (const run of runs) {
      const { threadId } = recordOf(bench, run);
      const ledger = bench.api.ledger.filter((entry) => entry.threadId === threadId);
      expect(ledger).toHaveLength(2);
      expectExact(bench, { ...run, ledger });
    }
  });

  test('Ctrl-C ends Codex as it does without us, and what it used until then is recorded', async ({ bench }) => {
    bench.api.add(ENDLESS);
    const metered = startOnTerminal(bench, ['exec', 'endless']);
    await waitFor('the second request', () => bench.api.requests.length === 2);
    metered.type('\u0003');
    const run = await metered.ended;
    const direct = startOnTerminal(bench, ['exec', 'endless'], { direct: true });
    await waitFor('the second request', () => bench.api.requests.length === 4);
    direct.type('\u0003');
    expect(run.exitCode).toBe((await direct.ended).exitCode);
    expect(expectExact(bench, run)).toMatchObject({ status: 'interrupted', signal: 'SIGINT' });
  });
});
