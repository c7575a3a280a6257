import { describe, expect, it } from 'vitest';
import { Pricer } from '../../src/pricing/pricer.js';
import { createPriceBook } from '../../src/pricing/prices.js';
import { createCalendar, parseDay } from '../../src/report/calendar.js';
import { readOperand } from '../../src/report/compare-operand.js';
import { readComparison } from '../../src/report/compare-report.js';
import { listSentences } from '../../src/report/compare-sentences.js';
import { describeDistribution, judgeDifference } from '../../src/report/distribution.js';
import type { ComparedFilter } from '../../src/store/compare-queries.js';
import type { Store } from '../../src/store/store.js';
import { toTagFilter } from '../../src/store/tags.js';
import type { InvocationStatus, PricedResponse } from '../../src/usage/record.js';
import { createStore, sampleInvocation, sampleResponse } from '../store/samples.js';

const HOUR = 3_600_000;
/** Tuesday */
const TODAY = '2026-11-24';
const MIDNIGHT = Date.parse(`${TODAY}T00:00:00Z`);
const PR = { pr: '12' };
const NOWHERE = { directory: '/nowhere', below: undefined, projectId: 'nowhere' };

interface Recorded {
  readonly run?: string;
  readonly phase?: 'builder' | 'reviewer';
  readonly iteration?: number;
  readonly status?: InvocationStatus;
  /** Hours from the midnight that today began with. */
  readonly from?: number;
  readonly to?: number;
  /** Each costs as many nano-USD. */
  readonly costs?: readonly (number | undefined)[];
  readonly tags?: Readonly<Record<string, string>>;
  readonly response?: Partial<PricedResponse>;
}

function record(store: Store, invocations: readonly Recorded[]): void {
  for (const [number, one] of invocations.entries()) {
    const { run = 'loop', phase = 'builder', iteration = 1, status = 'completed', from = 1, to = 2 } = one;
    const { costs = [1000], response, tags = {} } = one;
    const threadId = `thread-${number}`;
    store.record({
      invocation: sampleInvocation(`invocation-${number}`, {
        attribution: { runId: run, phase, iteration },
        startedAtMs: MIDNIGHT + from * HOUR,
        tags: Object.entries(tags).map(([key, value]) => ({ key, value, origin: 'option' })),
      }),
      update: { threadId, status, ...(status !== 'running' && { endedAtMs: MIDNIGHT + to * HOUR }) },
      responses: costs.map((costNanoUsd, index) => {
        const completedAtMs = MIDNIGHT + (index < 1 ? from : to) * HOUR;
        return sampleResponse(`response-${index}`, { threadId, costNanoUsd, completedAtMs, ...response });
      }),
    });
  }
}

interface Asked {
  readonly within?: ComparedFilter | undefined;
  readonly as?: string;
}

function compare({ connection }: Store, texts: readonly string[], { within = {}, as }: Asked = {}) {
  const context = { calendar: createCalendar('UTC'), today: parseDay(TODAY) ?? 0, place: NOWHERE, within };
  const operands = texts.map((text) => readOperand(connection, text, context));
  const pricer = new Pricer(createPriceBook());
  return readComparison(connection, operands, as ? { model: as, price: (one) => pricer.price(one) } : undefined);
}

function compareRecorded(invocations: readonly Recorded[], texts: readonly string[], asked?: Asked) {
  const store = createStore();
  record(store, invocations);
  return compare(store, texts, asked);
}

/** `count` iterations of a run, of which each costs `step` more than the one before. */
function loop(run: string, count: number, first: number, step: number): Recorded[] {
  return Array.from({ length: count }, (_, index) => ({ run, iteration: index + 1, costs: [first + index * step] }));
}

describe('a distribution', () => {
  it.each([
    [[], undefined],
    [[7], { count: 1, min: 7, median: 7, max: 7, quartiles: undefined }],
    [[4, 1, 3, 2], { count: 4, min: 1, median: 2.5, max: 4, quartiles: undefined }],
    [[5, 1, 4, 2, 3], { count: 5, min: 1, median: 3, max: 5, quartiles: [2, 4] }],
    [[6, 5, 4, 3, 2, 1], { count: 6, min: 1, median: 3.5, max: 6, quartiles: [2.25, 4.75] }],
  ])('of %j has quartiles where there are enough numbers', (numbers, described) => {
    expect(describeDistribution(numbers)).toEqual(described);
  });

  it.each([
    [[1, 2, 3, 4], [9, 9, 9, 9, 9], 'too few'],
    [[1, 2, 3, 4, 5], [1, 2, 3, 4, 5], 'the same'],
    [[1, 2, 3, 4, 5], [3, 4, 5, 6, 7], 'within the spread'],
    [[1, 2, 3, 4, 5], [4, 5, 6, 7, 8], 'beyond the spread'],
    [[1, 2, 3, 4, 5], [0, 0, 6, 90, 90], 'within the spread'],
  ])('of %j differs from that of %j as: %#', (a, b, verdict) => {
    const [one, other] = [describeDistribution(a), describeDistribution(b)];
    expect(one && other && judgeDifference(one, other)).toBe(verdict);
    expect(one && other && judgeDifference(other, one)).toBe(verdict);
  });
});

describe('a run in a comparison', () => {
  it.each<[string, Recorded[], InvocationStatus]>([
    ['completed when its last invocation did', [{ status: 'failed' }, { iteration: 2, from: 3, to: 4 }], 'completed'],
    [
      'failed when its last one did',
      [
        { to: 5, status: 'failed' },
        { iteration: 2, from: 2, to: 3 },
      ],
      'failed',
    ],
    ['interrupted', [{ status: 'interrupted' }], 'interrupted'],
    ['over budget', [{}, { from: 3, to: 4, status: 'over budget' }], 'over budget'],
    ['running while any of its invocations is', [{ status: 'running' }, { from: 3, to: 4 }], 'running'],
  ])('is %s', (_what, invocations, status) => {
    const { sides } = compareRecorded(invocations, ['loop']);
    expect(sides[0]?.runs).toEqual({ statuses: [status], completed: status === 'completed' ? 1 : 0 });
    expect(sides[0]?.perCompletedRun.metrics.costNanoUsd?.count).toBe(status === 'completed' ? 1 : undefined);
  });

  it('costs what all of its invocations cost, and an iteration what those of its number cost', () => {
    const invocations: Recorded[] = [
      { costs: [100] },
      { phase: 'reviewer', costs: [10], from: 2, to: 3 },
      { iteration: 2, costs: [300], from: 3, to: 4 },
      { iteration: 3, status: 'running', costs: [5000], from: 4 },
      { iteration: 4, status: 'failed', costs: [], from: 4, to: 5 },
    ];
    const [side] = compareRecorded(invocations, ['loop']).sides;
    expect(side?.perIteration).toMatchObject({
      units: 4,
      leftOut: { running: 1, withoutResponses: 1, cut: 0 },
      metrics: { costNanoUsd: { count: 2, min: 110, median: 205, max: 300 } },
    });
    expect(side?.phases.map(({ phase, perIteration }) => [phase, perIteration.metrics.costNanoUsd?.median])).toEqual([
      ['builder', 200],
      ['reviewer', 10],
    ]);
    expect(side?.totals.costNanoUsd).toBe(5410);
  });
});

describe('what is asked for', () => {
  const days: Recorded[] = [
    { run: 'earlier', from: -30, to: -29, costs: [1] },
    { run: 'across midnight', from: -1, to: 1, costs: [10, 20] },
    { run: 'today', from: 2, to: 3, costs: [100], tags: { ...PR, branch: 'main', repo: 'ada/shop', team: 'search' } },
    {
      ...{ run: TODAY, phase: 'reviewer', from: 4, to: 5, costs: [1000], response: { model: 'gpt-5.5' } },
      tags: { ...PR, branch: 'topic/x', repo: 'ada/bank' },
    },
  ];
  it.each<[string, number, ComparedFilter?]>([
    ['today', 1120],
    [TODAY, 1120],
    ['20261124', 1120],
    [`run:${TODAY}`, 1000],
    ['yesterday', 10],
    ['2026-11-22', 1],
    ['2026-11-22..2026-11-23', 11],
    ['2026-11-22..yesterday', 11],
    ['..2026-11-22', 1],
    ['2026-11-24..', 1120],
    ['this-week', 1130],
    ['last-week', 1],
    ['2026-11', 1131],
    ['this-month', 1131],
    ['run:today', 100],
    ['earl', 1],
    ['model:gpt-5.5', 1000],
    ['model:gpt-5*', 1131],
    ['phase:review', 1000],
    ['project:shop', 1131],
    ['branch:main', 100],
    ['branch:topic/*', 1000],
    ['pr:12', 1100],
    ['pr:ada/bank#12', 1000],
    ['tag:team=search', 100],
    ['session:thread-2', 100],
    ['thread-2', 100],
    ['across midnight/builder/1', 30],
    ['today', 120, { phase: 'builder' }],
    ['model:gpt-5*', 1000, { fromMs: MIDNIGHT + 4 * HOUR }],
    ['pr:12', 1000, { tags: toTagFilter([{ key: 'branch', value: 'topic/x' }]) }],
    ['today', 100, { tags: toTagFilter([{ key: 'branch', value: 'main' }]) }],
  ])('is %s', (text, costNanoUsd, within) => {
    expect(compareRecorded(days, [text], { within }).sides[0]?.totals.costNanoUsd).toBe(costNanoUsd);
  });

  it.each([
    ['today', 3],
    ['model:gpt-5.5', 1],
    ['phase:reviewer', 1],
    ['branch:main', 1],
    ['session:thread-2', 1],
    ['project:shop', 4],
  ])('is %s, with the runs that have some of it', (text, runs) => {
    expect(compareRecorded(days, [text]).sides[0]?.runs.statuses).toHaveLength(runs);
  });

  it('counts runs that reach beyond the days, and leaves them out of the figures per run', () => {
    const [side] = compareRecorded(days, ['today']).sides;
    expect(side?.runs.statuses).toHaveLength(3);
    expect(side?.perCompletedRun).toMatchObject({
      leftOut: { cut: 1 },
      metrics: { costNanoUsd: { count: 2, min: 100 } },
    });
    expect(side?.perIteration.leftOut.cut).toBe(1);
  });
});

describe('the difference of two loops', () => {
  it.each([
    [loop('a', 5, 1000, 100), loop('b', 5, 2000, 100), /^Per iteration B costs 83% more .* bigger than the spread/],
    [
      loop('a', 5, 1000, 100),
      loop('b', 5, 900, 100),
      /^Per iteration B costs 8\.3% less .* not bigger than the spread/,
    ],
    [loop('a', 5, 1000, 100), loop('b', 5, 1000, 100), /^Per iteration B costs what A costs/],
    [loop('a', 5, 1000, 100), loop('b', 4, 9000, 100), /^Per iteration there are too few of A and B to say \(5 and 4,/],
    [loop('a', 5, 1000, 100), [{ run: 'b', status: 'running' as const }], /^Per iteration: B has none/],
  ])('is said in a sentence: %#', (a, b, sentence) => {
    expect(listSentences(compareRecorded([...a, ...b], ['a', 'b']))[0]).toMatch(sentence);
  });
});

describe('what is not known', () => {
  it('is counted and marked: costs without a price, counts that the API did not report', () => {
    const invocations: Recorded[] = [
      { costs: [100, undefined] },
      { iteration: 2, costs: [undefined] },
      { iteration: 3, costs: [300], response: { source: 'estimated', evidence: 'tokenizer' } },
    ];
    const [side] = compareRecorded(invocations, ['loop']).sides;
    expect(side?.perIteration).toMatchObject({
      ...{ unpriced: 1, costExtent: 'partial', isActual: false },
      metrics: { costNanoUsd: { count: 2, min: 100, max: 300 }, input: { count: 3 } },
    });
    expect(side?.totals.unpricedResponses).toBe(2);
  });
});

describe("the same responses at another model's price", () => {
  const usage = { input: 10_000, cachedInput: 4000, cacheWrite: 0, output: 100, reasoning: 50 };
  const august = { completedAtMs: Date.parse('2026-08-20T12:00:00Z') };

  it.each<[string, Partial<PricedResponse>, string, number | undefined]>([
    ['at its rates', {}, 'gpt-5.4-mini', 6000 * 750 + 4000 * 75 + 100 * 4500],
    ['in the tier of the response', { serviceTier: 'flex' }, 'gpt-5.4', 3000 * 2500 + 2000 * 250 + 50 * 15_000],
    ['if it was long', { usage: { ...usage, input: 3e5 } }, 'gpt-5.4', 296_000 * 5000 + 4000 * 500 + 100 * 22_500],
    ['of the day of the response', august, 'gpt-5.6-sol', 6000 * 5000 + 4000 * 500 + 100 * 30_000],
    ['unless it has none', {}, 'nobody-knows', undefined],
    ['unless it has none in that tier', { serviceTier: 'ultrafast' }, 'gpt-5.4-mini', undefined],
  ])('cost it %s', (_how, response, as, costNanoUsd) => {
    const { sides, unpricedReasons } = compareRecorded([{ response: { usage, ...response } }], ['loop'], { as });
    const [recorded, repriced] = sides;
    expect(repriced).toMatchObject({
      pricedAs: as,
      baseline: { name: 'A' },
      totals: { usage: recorded?.totals.usage },
    });
    expect(repriced?.totals.costNanoUsd).toBe(costNanoUsd);
    expect(repriced?.totals.unpricedResponses).toBe(costNanoUsd === undefined ? 1 : 0);
    expect(unpricedReasons).toHaveLength(costNanoUsd === undefined ? 1 : 0);
  });
});
