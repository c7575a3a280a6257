import { describe, expect, it } from 'vitest';
import { BudgetGuard, type BudgetOptions } from '../../src/meter/budget.js';
import { type BudgetLimit, NOTHING_SPENT } from '../../src/usage/budget.js';
import { START, sampleResponse } from '../store/samples.js';

const HOUR_MS = 3_600_000;
const DAY = { startMs: START - HOUR_MS, endMs: START + HOUR_MS };

/** A guard that writes its marks down; a response of these tests has 100 tokens. */
function guard(limit: BudgetLimit, more: Partial<BudgetOptions> = {}) {
  const marks: string[] = [];
  const options: BudgetOptions = {
    limits: [limit],
    findPeriod: () => DAY,
    readOthers: () => NOTHING_SPENT,
    onFault: () => marks.push('fault'),
    onMark: ({ amount }, mark) => marks.push(`${mark} ${amount}`),
    ...more,
  };
  return { marks, budget: new BudgetGuard(options) };
}

const responses = (count: number, completedAtMs = START) =>
  Array.from({ length: count }, (_, index) => {
    return sampleResponse(`${index}`, { completedAtMs, usage: { input: 90, output: 10 } });
  });

describe('a budget', () => {
  it('is marked at four fifths and when it is used up, once each', () => {
    const { marks, budget } = guard({ scope: 'invocation', unit: 'tokens', amount: 1000 });
    for (let count = 0; count < 13; count++) budget.check(responses(count), START);
    expect(marks).toEqual(['near 800', 'reached 1000']);
  });

  it('that is jumped over is used up, and no more is said', () => {
    const { marks, budget } = guard({ scope: 'invocation', unit: 'tokens', amount: 1000 });
    budget.check(responses(3), START);
    budget.check(responses(30), START);
    expect(marks).toEqual(['reached 3000']);
  });

  it('in USD counts what has a price', () => {
    const { marks, budget } = guard({ scope: 'invocation', unit: 'usd', amount: 5000 });
    budget.check([sampleResponse('1', { costNanoUsd: undefined })], START);
    budget.check([sampleResponse('1', { costNanoUsd: undefined }), sampleResponse('2', { costNanoUsd: 5000 })], START);
    expect(marks).toEqual(['reached 5000']);
  });

  it('of a run counts what others spend meanwhile, as it was last known where it cannot be read', () => {
    let others: number | 'locked' = 0;
    const { marks, budget } = guard(
      { scope: 'run', unit: 'tokens', amount: 1000 },
      {
        readOthers() {
          if (others === 'locked') throw new Error('locked');
          return { ...NOTHING_SPENT, tokens: others };
        },
      },
    );
    budget.check(responses(1), START);
    others = 600;
    budget.check(responses(2), START);
    others = 'locked';
    budget.check(responses(4), START);
    expect(marks).toEqual(['near 800', 'fault', 'reached 1000']);
  });

  it('of a day leaves out what was used before it began', () => {
    const { marks, budget } = guard({ scope: 'day', unit: 'tokens', amount: 1000 });
    budget.check([...responses(9, DAY.startMs - 1), ...responses(2)], START);
    expect(marks).toEqual([]);
    expect(budget.measure(responses(2), START)).toMatchObject([{ amount: 200, share: 0.2 }]);
  });

  it.each(['day', 'week', 'month'] as const)('of a %s begins anew with the next one', (scope) => {
    const days: number[] = [];
    const { budget } = guard(
      { scope, unit: 'tokens', amount: 1000 },
      {
        findPeriod(_, atMs) {
          days.push(atMs);
          return { startMs: atMs, endMs: atMs + HOUR_MS };
        },
      },
    );
    for (const atMs of [START, START + 1, START + HOUR_MS]) budget.check([], atMs);
    expect(days).toEqual([START, START + HOUR_MS]);
  });
});
