import { describe, expect, it, test } from 'vitest';
import {
  findShortWindows,
  readBudgetStatus,
  renderBudgetStatus,
  toBudgetStatusJson,
} from '../../src/report/budget-status.js';
import { createCalendar } from '../../src/report/calendar.js';
import type { BudgetLimit, MinLeft } from '../../src/usage/budget.js';
import type { RateLimit } from '../../src/usage/record.js';
import { createStore, sampleInvocation, sampleResponse } from '../store/samples.js';

/** A Wednesday. */
const NOW = Date.UTC(2026, 2, 4, 12);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const FIVE_HOURS = { windowMinutes: 300, percent: 10 };

const window = (more: Partial<RateLimit> = {}): RateLimit => ({
  ...{ provider: 'codex', limitId: 'codex', windowMinutes: 300, usedPercent: 95 },
  ...{ resetsAtMs: NOW + HOUR_MS, observedAtMs: NOW - HOUR_MS },
  ...more,
});

describe('of a rate limit', () => {
  test.each<[string, RateLimit[], MinLeft, number | undefined]>([
    ['too little is left', [window()], FIVE_HOURS, 5],
    ['just enough is left', [window({ usedPercent: 90 })], FIVE_HOURS, undefined],
    ['a window that has been reset is full', [window({ resetsAtMs: NOW - 1 })], FIVE_HOURS, undefined],
    ['nothing is known that was never reported', [], FIVE_HOURS, undefined],
    ['nothing is known of another window', [window()], { windowMinutes: 10_080, percent: 50 }, undefined],
    ['a window of 299 minutes is that of five hours', [window({ windowMinutes: 299 })], FIVE_HOURS, 5],
    ['a limit of one model alone does not count', [window({ limitId: 'codex_spark' })], FIVE_HOURS, undefined],
    ['another provider does not count', [window({ provider: 'claude', limitId: 'claude' })], FIVE_HOURS, undefined],
  ])('%s', (_, limits, minLeft, leftPercent) => {
    expect(findShortWindows(limits, [minLeft], NOW).map((short) => short.leftPercent)).toEqual(
      leftPercent === undefined ? [] : [leftPercent],
    );
  });
});

function recordSpending() {
  const store = createStore();
  const spent = { today: NOW, sunday: NOW - 3 * DAY_MS, february: NOW - 6 * DAY_MS };
  const responses = Object.entries(spent).map(([key, completedAtMs]) =>
    sampleResponse(key, { completedAtMs, costNanoUsd: 1e9, usage: { input: 900, output: 100 } }),
  );
  store.record({ invocation: sampleInvocation('one', { startedAtMs: spent.february }), responses });
  return store;
}

type Query = Partial<Parameters<typeof readBudgetStatus>[1]>;

const read = (limits: readonly BudgetLimit[], more: Query = {}, store = recordSpending()) =>
  readBudgetStatus(store.connection, {
    ...{ projectId: 'shop', runId: 'nightly-7', calendar: createCalendar('UTC'), nowMs: NOW, minLeft: [], limits },
    ...more,
  });

describe('the status of a budget', () => {
  it('counts what was spent in the run, on the day, since Monday and since the first of the month', () => {
    const scopes = ['run', 'day', 'week', 'month'] as const;
    const { levels } = read(scopes.map((scope) => ({ scope, unit: 'usd', amount: 10e9 })));
    expect(levels.map(({ limit, amount }) => [limit.scope, amount / 1e9])).toEqual([
      ['run', 3],
      ['day', 1],
      ['week', 1],
      ['month', 2],
    ]);
  });

  it.each([
    [2e9, 'within'],
    [1.25e9, 'near'],
    [1e9, 'reached'],
  ])('of %d nano-USD a day, of which one USD is spent, is %s', (amount, state) => {
    expect(read([{ scope: 'day', unit: 'usd', amount }]).state).toBe(state);
  });

  it('leaves out limits of an invocation, and those of a run where there is none', () => {
    const limits = (['invocation', 'run'] as const).map((scope): BudgetLimit => ({ scope, unit: 'usd', amount: 1 }));
    expect(read(limits, { runId: undefined })).toEqual({ levels: [], windows: [], state: 'within' });
  });

  it("says how many more iterations are left at the pace of the run's last five", () => {
    const store = createStore();
    for (let iteration = 1; iteration <= 7; iteration++) {
      const id = `i${iteration}`;
      store.record({
        invocation: sampleInvocation(id, { attribution: { iteration }, startedAtMs: NOW }),
        // The first iteration does not count any more, and the last one has not ended.
        ...(iteration < 7 && { update: { status: 'completed', endedAtMs: NOW } }),
        responses: [sampleResponse(id, { completedAtMs: NOW, costNanoUsd: iteration === 1 ? 9e9 : 1e9 })],
      });
    }
    const limits: BudgetLimit[] = [
      { scope: 'run', unit: 'usd', amount: 17.5e9 },
      { scope: 'day', unit: 'usd', amount: 10e9 },
    ];
    const status = read(limits, {}, store);
    expect(renderBudgetStatus(status)).toBe(
      "run: $15.0000 of $17.5000 (85%), enough for 2 more iterations\nday: $15.0000 of $10.0000 (150%), enough for 0 more iterations\nThe pace is that of the run's last 5 iterations.\n",
    );
    expect(toBudgetStatusJson(status)).toMatchObject({
      limits: [
        { scope: 'run', spentUsd: 15, leftUsd: 2.5, iterationsLeft: 2 },
        { scope: 'day', leftUsd: 0, iterationsLeft: 0 },
      ],
      pace: { iterationCount: 5, usdPerIteration: 1 },
    });
    const unnamed = read(limits, { runId: undefined }, store);
    expect(toBudgetStatusJson(unnamed)).toMatchObject({ pace: null, limits: [{ scope: 'day', iterationsLeft: null }] });
  });

  it('is reached where too little of a rate limit is left', () => {
    const store = recordSpending();
    store.record({ invocation: sampleInvocation('one'), rateLimits: [window()] });
    const limit = { scope: 'week', unit: 'tokens', amount: 4000 } as const;
    const status = read([limit], { runId: undefined, minLeft: [FIVE_HOURS] }, store);
    expect(status.state).toBe('reached');
    expect(renderBudgetStatus(status)).toBe(
      'week: 1,000 tokens of 4,000 tokens (25%)\nrate limit 5h: 5% is left, 10% must be\n',
    );
    expect(toBudgetStatusJson(status)).toMatchObject({
      state: 'reached',
      limits: [{ scope: 'week', spentTokens: 1000, share: 0.25 }],
      windows: [{ name: '5h', leftPercent: 5, minPercent: 10, resetsAt: '2026-03-04T13:00:00.000Z' }],
    });
  });
});
