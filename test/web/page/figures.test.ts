import { describe, expect, it } from 'vitest';
import { EVIDENCE } from '../../../src/usage/source.js';
import type { BudgetLevel, InvocationEntry, Sums } from '../../../src/web/page/answers.js';
import { accumulate, describeLines, formatElapsed, measureSpan } from '../../../src/web/page/charts/cumulative.js';
import { chooseUsdDigits, formatFactor, formatPoints, formatShare, formatUsd } from '../../../src/web/page/format.js';
import { describeIteration, forecastIterations, listIterations } from '../../../src/web/page/iterations.js';
import { EVIDENCE_NAMES } from '../../../src/web/page/names.js';
import { lastDayOf } from '../../../src/web/page/periods.js';

const START = Date.parse('2026-03-04T05:00Z');

function sums(costUsd: number | null, more: Partial<Sums> = {}): Sums {
  return {
    source: 'actual',
    responseCount: 1,
    unpricedResponseCount: costUsd === null ? 1 : 0,
    inputTokens: 10_000,
    cachedInputTokens: 8000,
    cacheWriteTokens: 0,
    outputTokens: 100,
    reasoningTokens: 0,
    costUsd,
    costNanoUsd: costUsd === null ? null : Math.round(costUsd * 1e9),
    ...more,
  };
}

function invocation(
  phase: string,
  iteration: number,
  costUsd: number | null,
  more: Partial<InvocationEntry> = {},
): InvocationEntry {
  const startedAt = new Date(START + iteration * 60_000).toISOString();
  return {
    ...sums(costUsd),
    ...{ invocationId: `${phase} ${iteration}`, projectId: 'shop', runId: 'r', phase, iteration, childThreadIds: [] },
    ...{ status: 'completed', exitCode: 0, signal: null, startedAt, durationMs: 1000 },
    ...{ evidence: [], models: [], responses: [], notes: [] },
    ...more,
  };
}

/** Responses of one thread that used so much input, and so much of it from the cache. */
function answers(...inputs: readonly (readonly [number, number])[]): InvocationEntry['responses'] {
  return inputs.map(([inputTokens, cachedInputTokens], index) => ({
    ...sums(1, { inputTokens, cachedInputTokens }),
    source: 'actual',
    ...{ threadId: 't', model: 'm', completedAt: new Date(START + index * 1000).toISOString() },
  }));
}

describe('the iterations of a run', () => {
  it('hold what their invocations cost, phase by phase, and how that changed', () => {
    const iterations = listIterations([
      invocation('builder', 1, 0.1),
      invocation('reviewer', 1, 0.2),
      invocation('builder', 2, 0.7),
      invocation('builder', 3, null),
      invocation('builder', 4, 1),
    ]);
    expect(iterations.map(({ number, costUsd, changeUsd }) => [number, costUsd, changeUsd])).toEqual([
      [1, 0.3, null],
      [2, 0.7, expect.closeTo(0.4)],
      [3, null, null],
      [4, 1, null],
    ]);
    expect(iterations[0]?.phases.reviewer?.costUsd).toBe(0.2);
    expect(iterations[1]?.phases.reviewer).toBeUndefined();
    expect(iterations[2]?.unpricedResponseCount).toBe(1);
  });

  it.each([
    ['a failure', { status: 'failed', exitCode: 1 }, ['failure']],
    ['an interruption', { status: 'interrupted', signal: 'SIGINT' }, ['failure']],
    ['an end by its budget', { status: 'over budget', exitCode: 99 }, ['budget']],
    ['an end by its budget in an earlier record', { status: 'interrupted', exitCode: 99 }, ['budget']],
    ['a budget that was reached at the end', { notes: [{ kind: 'budget', reason: '', figures: {} }] }, ['budget']],
    ['a cache that missed', { responses: answers([20_000, 0], [21_000, 0]) }, ['cache miss']],
    ['a thread that begins without a cache', { responses: answers([20_000, 0], [21_000, 19_968]) }, []],
    ['a cache that held all but a block', { responses: answers([20_000, 0], [21_000, 19_000]) }, []],
    ['a thread that was shortened', { responses: answers([200_000, 0], [30_000, 2048]) }, []],
    ['a prompt too short for a cache', { responses: answers([900, 0], [950, 0]) }, []],
    ['nothing', {}, []],
  ] as const)('are marked for %s', (_what, more, marks) => {
    const others = [1, 2, 3].map((number) => invocation('builder', number, 1));
    expect(listIterations([...others, invocation('builder', 4, 1, more)]).at(-1)?.marks).toEqual(marks);
  });

  it('say how many more of them a budget lasts, at the pace of the last five that have ended', () => {
    const costs = [9, 1, 1, 1, 1, 1];
    const ended = costs.map((usd, index) => invocation('builder', index + 1, usd));
    const running = invocation('builder', 7, 0.5, { status: 'running' });
    const forecast = (invocations: readonly InvocationEntry[], more: Partial<BudgetLevel> = {}) => {
      const budget = { scope: 'run', unit: 'usd', amount: 20e9, spent: 14.5e9, ...more } as const;
      return forecastIterations(budget, listIterations(invocations));
    };
    expect(forecast([...ended, running])).toBe(5);
    expect(forecast(ended, { spent: 21e9 })).toBe(0);
    expect(forecast(ended, { unit: 'tokens', amount: 50_500, spent: 0 })).toBe(5);
    expect(forecast(ended, { scope: 'invocation' })).toBeUndefined();
    expect([forecast([running]), forecast([invocation('builder', 1, null)])]).toEqual([undefined, undefined]);
  });

  it('are told in the tooltip of the chart with each phase and mark', () => {
    const [iteration] = listIterations([
      invocation('builder', 1, 0.25),
      invocation('reviewer', 1, 2.5, { status: 'failed', exitCode: 1 }),
    ]);
    expect(describeIteration(iteration)).toBe('Iteration 1  $2.75\nbuilder  $0.2500\nreviewer  $2.50\nfailure');
  });
});

describe('the chart of the cost as it went', () => {
  it('tells every line in its tooltip, not those alone that have a point there', () => {
    const at = (minutes: number, costUsd: number) => ({
      ...sums(costUsd),
      source: 'actual' as const,
      ...{ threadId: 't', model: 'm', completedAt: new Date(START + minutes * 60_000).toISOString() },
    });
    const startedAt = new Date(START).toISOString();
    const spending = [
      { phase: 'builder', startedAt, responses: [at(1, 1), at(2, 2)] },
      { phase: 'reviewer', startedAt, responses: [at(3, 4)] },
    ];
    const span = measureSpan(spending);
    const lines = [
      { name: 'all', points: accumulate(spending, span) },
      ...spending.map((one) => ({ name: one.phase, points: accumulate([one], span) })),
    ];
    const told = describeLines(lines, START + 2.5 * 60_000);
    expect(told).toEqual(['all  $3.00', 'builder  $3.00', 'reviewer  $0.00']);
  });

  it('never writes two ticks alike', () => {
    expect([0, 10, 60, 70, 80, 3600, 4800].map((seconds) => formatElapsed(seconds * 1000))).toEqual([
      ...['0s', '10s', '1m', '1m 10s', '1m 20s', '1h', '1h 20m'],
    ]);
  });
});

describe('the figures of the page', () => {
  it.each([
    [{ amounts: [2.52, 0.9777, 0.001], shown: '$2.52 $0.98 <$0.01' }],
    [{ amounts: [0.9777, 0.25, 0.00001, null], shown: '$0.9777 $0.2500 <$0.0001' }],
    [{ amounts: [1234.5, 0], shown: '$1,234.50 $0.00' }],
  ])('have the same digits in a column: %j', ({ amounts, shown }) => {
    const digits = chooseUsdDigits(amounts);
    expect(amounts.flatMap((usd) => (usd === null ? [] : formatUsd(usd, digits))).join(' ')).toBe(shown);
  });

  it.each([
    ['what was spent', (usd: number) => formatUsd(usd), [0, 0.0000123, 0.0342, 12.3], '$0.00 $0.000012 $0.0342 $12.30'],
    ['a share', formatShare, [0, 0.00002, 0.004, 0.5, 0.9996, 1], '0% <0.1% 0.4% 50% >99.9% 100%'],
    ['a factor', formatFactor, [0, 0.03, 0.7], '0.0× <0.1× 0.7×'],
  ])('never show as nothing %s that is something, nor as all what lacks something', (_what, format, values, shown) => {
    expect(values.map((value) => format(value)).join(' ')).toBe(shown);
  });

  it('say in points by how much shares differ', () => expect(formatPoints(0.026)).toBe('2.6 points'));

  it('have a name for every evidence that the record knows', () => {
    expect(Object.keys(EVIDENCE_NAMES).sort()).toEqual([...EVIDENCE].sort());
  });

  it.each([
    ['2026-02-05', 'daily', '2026-02-05'],
    ['2026-02-23', 'weekly', '2026-03-01'],
    ['2026-02', 'monthly', '2026-02-28'],
    ['2026-12', 'monthly', '2026-12-31'],
  ] as const)('lead to the days that they are of: %s, %s', (key, period, last) => {
    expect(lastDayOf(key, period)).toBe(last);
  });
});
