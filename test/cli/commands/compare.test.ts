import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { linesBeyond, runUsage } from '../../harness/codex-usage.js';
import { seedLongLoop, seedLoops } from '../../harness/loops.js';
import { test } from '../../harness/test.js';
import type { Workbench } from '../../harness/workbench.js';
import type { LedgerEntry } from '../../scripted-api/ledger.js';

/** Nano-USD per token, standard: uncached input, cached input, output. From the vendor's price pages. */
const RATES = { 'gpt-5.3-codex': [1750, 175, 14_000], 'gpt-5.4-mini': [750, 75, 4500] } as const;

function costOf({ usage }: LedgerEntry, model: keyof typeof RATES): number {
  const [input, cached, output] = RATES[model];
  if (!usage) return 0;
  return (usage.input - usage.cached) * input + usage.cached * cached + usage.output * output;
}

function sumCosts(ledger: readonly LedgerEntry[], model: keyof typeof RATES): number {
  return ledger.reduce((sum, entry) => sum + costOf(entry, model), 0);
}

/** Plays a run of five reviews, each of one response, at the same time. Returns what the API reported of each. */
async function review(bench: Workbench, run: string, inputs: readonly number[]): Promise<LedgerEntry[]> {
  const reported = bench.api.ledger.length;
  await Promise.all(
    inputs.map(async (input, index) => {
      const prompt = `${run} ${index}`;
      bench.api.add({ prompt, replies: [{ message: 'Done.', usage: { input, cached: 10_000, output: 100 } }] });
      const meter = ['--meter-run-id', run, '--meter-phase', 'reviewer', '--meter-iteration', `${index + 1}`];
      const { exitCode } = await bench.run(['exec', '--json', prompt], { meter });
      expect(exitCode).toBe(0);
    }),
  );
  return bench.api.ledger.slice(reported);
}

const compare = (database: string, args: readonly string[], columns = 100) => {
  return runUsage(['compare', '--no-import', ...args], { database, env: { COLUMNS: `${columns}` } });
};
const compareAsData = async (database: string, ...args: string[]) => {
  const { stdout, stderr } = await compare(database, [...args, '--json']);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
};

describe('codex-usage compare', () => {
  test('has the figures of two runs of real Codex by the ledger, and judges their difference', async ({ bench }) => {
    const before = await review(bench, 'before', [20_000, 21_000, 22_000, 23_000, 24_000]);
    const after = await review(bench, 'after', [60_000, 61_000, 62_000, 63_000, 64_000]);
    const { sides, findings } = await compareAsData(bench.database, 'before', 'after');
    const medians = [12_000, 52_000].map((uncached) => uncached * 1750 + 10_000 * 175 + 100 * 14_000);
    for (const [index, ledger] of [before, after].entries()) {
      expect(sides[index]).toMatchObject({
        ...{ runCount: 1, completedRunCount: 1, iterationCount: 5, completedIterationCount: 5, invocationCount: 5 },
        totals: { responseCount: 5, costNanoUsd: sumCosts(ledger, 'gpt-5.3-codex'), source: 'actual' },
        perIteration: {
          costNanoUsd: {
            ...{ count: 5, median: medians[index] },
            ...{ min: (medians[index] ?? 0) - 2000 * 1750, max: (medians[index] ?? 0) + 2000 * 1750 },
            ...{ quartile1: (medians[index] ?? 0) - 1000 * 1750, quartile3: (medians[index] ?? 0) + 1000 * 1750 },
          },
        },
        perCompletedRun: { costNanoUsd: { count: 1, quartile1: null, median: sumCosts(ledger, 'gpt-5.3-codex') } },
        phases: [{ phase: 'reviewer', responseCount: 5, perIteration: { costNanoUsd: { count: 5 } } }],
      });
    }
    const [a = 0, b = 0] = medians;
    expect(sides[1].difference.perIteration).toMatchObject({ verdict: 'beyond the spread', costNanoUsd: (b - a) / a });
    expect(sides[1].difference.perCompletedRun).toMatchObject({ verdict: 'too few' });
    expect(sides[1].difference.totals.cachedSharePoints).toBeCloseTo(100 * (50 / 310 - 50 / 110), 6);
    expect(findings).toEqual([
      expect.stringMatching(/^Per iteration B costs 290% more than A: .*bigger than the spread/),
      expect.stringContaining('too few'),
    ]);
    const { stdout } = await compare(bench.database, ['before', 'after']);
    expect(stdout).toMatch(/\nCost +\$0\.1208 +\$0\.4708 +\+290%\n/);
    expect(stdout).toMatch(/\nCached share +45% +16% +−29 points\n/);
    expect(stdout).toMatch(/\n {15}B +5 +\$0\.0942 +\$0\.0924–\$0\.0959 .* \+290% +beyond\n/);
  });

  test('prices the same responses as another model, metered and imported, and says that it is no forecast', async ({
    bench,
  }) => {
    await review(bench, 'loop', [30_000, 31_000]);
    bench.api.add({
      prompt: 'by hand',
      replies: [{ message: 'Done.', usage: { input: 5000, cached: 0, output: 10 }, serviceTier: 'default' }],
    });
    await bench.run(['exec', '--json', 'by hand'], { direct: true });
    await runUsage(['import'], { database: bench.database, env: { CODEX_HOME: bench.codexHome } });
    const { ledger } = bench.api;
    expect(ledger).toHaveLength(3);

    const all = await compareAsData(bench.database, 'project:shop', '--as', 'gpt-5.4-mini');
    const { input, cached } = { input: 66_000, cached: 20_000 };
    const tokens = { responseCount: 3, inputTokens: input, cachedInputTokens: cached };
    expect(all.sides).toMatchObject([
      { name: 'A', unassignedResponseCount: 1, totals: { ...tokens, costNanoUsd: sumCosts(ledger, 'gpt-5.3-codex') } },
      {
        ...{ name: "A'", pricedAs: 'gpt-5.4-mini', comparedWith: 'A' },
        totals: { ...tokens, costNanoUsd: sumCosts(ledger, 'gpt-5.4-mini') },
        perIteration: { costNanoUsd: { count: 2 } },
        difference: { perIteration: { verdict: null } },
      },
    ]);
    expect(all.pricedAsMeaning).toMatch(
      /^A': arithmetic at the price of gpt-5.4-mini, not a forecast\. .*other tokens\.$/,
    );
    const session = await compareAsData(bench.database, `session:${ledger[2]?.threadId}`, '--as', 'gpt-5.4-mini');
    expect(session.sides[1].totals.costNanoUsd).toBe(5000 * 750 + 10 * 4500);

    const { stdout } = await compare(bench.database, ['project:shop', '--as', 'gpt-5.4-mini']);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('not a forecast. The same responses are priced again');
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('A: 1 of 3 responses belong to no run');
    const unpriced = await compareAsData(bench.database, 'loop', '--as', 'nobody-knows');
    expect(unpriced.sides[1].totals).toMatchObject({ costNanoUsd: null, unpricedResponseCount: 2 });
    expect(unpriced.unpricedReasons).toEqual(['No price is known for the model "nobody-knows".']);
  });

  test('has the branches of a real work tree side by side, with imported sessions on them', async ({ bench }) => {
    const branchOff = (name: string) => execa('git', ['checkout', '--quiet', '-b', name], { cwd: bench.workTree });
    // A branch without a commit is in no session file of Codex.
    const git = ['-c', 'user.name=test', '-c', 'user.email=test@example.com', 'commit', '--quiet', '--allow-empty'];
    await branchOff('main');
    await execa('git', [...git, '--message', 'Begin'], { cwd: bench.workTree });
    const onMain = await review(bench, 'on main', [20_000]);
    await branchOff('topic/search');
    await review(bench, 'on a topic', [30_000]);
    const usage = { input: 40_000, cached: 10_000, output: 100 };
    bench.api.add({ prompt: 'by hand', replies: [{ message: 'Done.', usage }] });
    await bench.run(['exec', '--json', 'by hand'], { direct: true });
    await runUsage(['import'], { database: bench.database, env: { CODEX_HOME: bench.codexHome } });
    const onTopic = bench.api.ledger.slice(1);
    const { sides } = await compareAsData(bench.database, 'branch:main', 'branch:topic/search', '--as', 'gpt-5.4-mini');
    expect(sides).toMatchObject([
      { label: 'branch main', runCount: 1, totals: { costNanoUsd: sumCosts(onMain, 'gpt-5.3-codex') } },
      {
        ...{ label: 'branch topic/search', runCount: 1, unassignedResponseCount: 1 },
        totals: { responseCount: 2, costNanoUsd: sumCosts(onTopic, 'gpt-5.3-codex') },
      },
      { name: "A'", totals: { costNanoUsd: sumCosts(onMain, 'gpt-5.4-mini') } },
      { name: "B'", totals: { responseCount: 2, costNanoUsd: sumCosts(onTopic, 'gpt-5.4-mini') } },
    ]);
    const unknown = await compare(bench.database, ['branch:main', 'branch:nowhere']);
    expect(unknown.stderr).toContain('Nothing is recorded of branch nowhere. There is: topic/search, main.');
    const twice = await compare(bench.database, ['branch:main', 'today', '--branch', 'main']);
    expect([twice.exitCode, twice.stderr]).toEqual([
      2,
      expect.stringContaining('branch:main says already which branch'),
    ]);
  });

  test('counts a run that failed as one that is not completed', async ({ bench }) => {
    await review(bench, 'good', [20_000]);
    bench.api.add({
      prompt: 'bad',
      replies: [
        { calls: [{ tool: 'exec_command', cmd: 'true' }], usage: { input: 20_000, cached: 10_000, output: 100 } },
        { fail: { code: 'context_length_exceeded', message: 'too long' } },
      ],
    });
    const { exitCode } = await bench.run(['exec', '--json', 'bad'], { meter: ['--meter-run-id', 'bad'] });
    expect(exitCode).toBe(1);
    const { sides } = await compareAsData(bench.database, 'good', 'bad', 'today');
    expect(sides).toMatchObject([
      { runCount: 1, completedRunCount: 1 },
      { runCount: 1, completedRunCount: 0, iterationCount: 1, perCompletedRun: { leftOut: { notCompletedCount: 1 } } },
      { runCount: 2, completedRunCount: 1, perCompletedRun: { costNanoUsd: { count: 1 } } },
    ]);
    const { stdout } = await compare(bench.database, ['good', 'bad']);
    expect(stdout).toContain('Per completed run: B has none with a cost to compare.');
    expect(stdout).toContain('B: left out of the figures per run: 1 not completed.');
  });
});

describe('the comparison of loops', () => {
  const folder = mkdtempSync(join(tmpdir(), 'codex-metered-test-'));
  const database = join(folder, 'usage.db');
  beforeAll(() => {
    seedLoops(database, { nowMs: Date.now() });
    seedLongLoop(database, { nowMs: Date.now(), iterations: 12 });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each([
    [60, ['nightly-41', 'marathon', 'nightly-42', 'phase:reviewer', '--as', 'gpt-5.4-mini']],
    [80, ['nightly-41', 'marathon', 'nightly-42']],
    [80, ['model:gpt-5.3-codex', 'model:gpt-6*']],
    [120, ['nightly-41/builder', 'nightly-41/reviewer', 'marathon/builder', 'nightly-43', 'last-month..']],
  ])('fits into %i columns: %j', async (width, args) => {
    const { stdout, exitCode } = await compare(database, args, width);
    expect(exitCode).toBe(0);
    expect(linesBeyond(width, stdout)).toEqual([]);
    expect(stdout).toMatch(/\nCost +\$/);
  });

  test('takes the two newest runs where none is named, the older one as the baseline', async () => {
    const { sides } = await compareAsData(database);
    expect(sides.map(({ asked }: { asked: string }) => asked)).toEqual(['marathon', 'nightly-43']);
  });

  test('is Markdown for the summary of a CI job', async () => {
    const { stdout } = await compare(database, ['nightly-41', 'nightly-42', '--markdown']);
    expect(stdout).toMatch(/^## Comparison\n\n- A {3}run nightly-41, project shop: gpt-5\.3-codex \(baseline\)\n/);
    expect(stdout).toContain('| Iterations | 3 | 4 |  |');
    expect(stdout).toMatch(/\| iteration \| A \| 3 \| \\\$0\.\d+ \| - \|/);
  });

  test.each([
    [['nightly-41'], 2, 'Say what to compare nightly-41 with'],
    [['nightly-41', ''], 2, 'is empty'],
    [['model:gpt-6*', 'nightly-41', '--model', 'gpt-5.4'], 2, 'model:gpt-6* says already what --model says'],
    [['2026-11-03..2026-11-02', 'nightly-41'], 2, 'ends before it begins'],
    [['nightly-41', 'nowhere'], 1, 'There is no run nowhere. Use a run, session:ID, model:NAME'],
    [['nightly-41', 'gpt-6.1-sol'], 1, 'There is a model of that name: model:gpt-6.1-sol.'],
    [['nightly-41', 'nightly-41/chat'], 1, 'It has builder 1–3, reviewer 1–3.'],
    [['nightly-41', 'model:gpt-9'], 1, 'Nothing is recorded of model gpt-9. There is: gpt-5.3-codex'],
    [['nightly-41', 'project:nowhere'], 1, 'Known projects: shop.'],
    [['nightly-41', 'phase:cooking'], 1, 'There is no phase cooking. There is: builder, reviewer'],
    [['nightly-41', '1999-01'], 1, 'Nothing is recorded of days from 1999-01-01 to 1999-01-31.'],
    [['nightly-41', 'nightly'], 1, 'The ids of several runs begin with nightly.'],
  ])('says what there is, or what is wrong, for %j', async (args, code, message) => {
    const { exitCode, stdout, stderr } = await compare(database, args);
    expect([exitCode, stdout]).toEqual([code, '']);
    expect(stderr).toContain(message);
  });
});
