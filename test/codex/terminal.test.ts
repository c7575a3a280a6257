import { beforeEach, describe, expect } from 'vitest';
import { withoutVarying } from '../harness/compare.js';
import { expectExact, ofItsThread } from '../harness/record.js';
import { startOnTerminal } from '../harness/terminal.js';
import { test } from '../harness/test.js';
import type { Workbench } from '../harness/workbench.js';
import { LOOP, SCRIPT } from '../scripted-api/scenarios.js';

beforeEach<{ bench: Workbench }>(({ bench }) => bench.api.add(LOOP, ...SCRIPT));

describe('on a terminal', () => {
  test.for([[['exec', 'loop']], [['exec', '--json', 'loop']]])(
    'a program reads what it reads without us, and its record is exact: %j',
    async ([args = []], { bench }) => {
      const direct = await startOnTerminal(bench, args, { direct: true }).ended;
      const metered = await startOnTerminal(bench, args).ended;
      expect(withoutVarying(metered.screen)).toBe(withoutVarying(direct.screen));
      expect(metered.exitCode).toBe(0);
      expectExact(bench, metered, 2);
      // Only a terminal gets colours.
      if (!args.includes('--json')) expect(metered.screen).toContain('\u001b[');
    },
  );

  test('a review is exact', async ({ bench }) => {
    const run = await startOnTerminal(bench, ['exec', 'review', '--uncommitted']).ended;
    expect(expectExact(bench, run, 2)).toMatchObject({ phase: 'reviewer' });
  });

  test('several runs at once in one folder are distinguished', async ({ bench }) => {
    const runs = await Promise.all([1, 2, 3].map((n) => startOnTerminal(bench, ['exec', `loop ${n}`]).ended));
    for (const run of runs) expectExact(bench, ofItsThread(bench, run), 2);
  });
});
