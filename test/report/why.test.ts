import { describe, expect, it } from 'vitest';
import { Pricer } from '../../src/pricing/pricer.js';
import { createPriceBook } from '../../src/pricing/prices.js';
import { readWhy } from '../../src/report/why-report.js';
import { describeNextStep } from '../../src/report/why-words.js';
import type { Usage } from '../../src/usage/usage.js';
import { createStore, sampleInvocation, sampleResponse } from '../store/samples.js';

const START = Date.UTC(2026, 9, 4, 5, 6, 7);
const MINUTE = 60_000;
const MODEL = 'gpt-5.3-codex';
const LONG = 'gpt-5.6-sol';

interface Sent extends Partial<Usage> {
  readonly input: number;
  readonly minute?: number;
  readonly model?: string;
  readonly tier?: string;
  readonly thread?: string;
  readonly cacheWrite1h?: number;
}

/** Records one invocation whose responses used `sent`, and explains it. */
function explain(sent: readonly Sent[]) {
  const store = createStore();
  const pricer = new Pricer(createPriceBook());
  const responses = sent.map(({ minute = 0, cacheWrite1h = 0, model = MODEL, tier, thread, ...counts }, index) => {
    const usage = { cachedInput: 0, output: 0, reasoning: 0, ...counts };
    const at = { threadId: thread ?? 'thread-1', completedAtMs: START + minute * MINUTE + index };
    const sample = sampleResponse(`resp-${index}`, { usage, cacheWrite1h, model, serviceTier: tier, ...at });
    return pricer.price(sample).response;
  });
  const invocation = sampleInvocation('1', { startedAtMs: START });
  store.record({ invocation, update: { threadId: 'thread-1' }, responses });
  const scope = { kind: 'run', projectId: 'shop', runId: 'nightly-7' } as const;
  return readWhy(store.connection, { scope, reason: 'named' });
}

function dearestCause(sent: readonly Sent[]) {
  const [first] = explain(sent).dearest;
  return { key: first?.response.key, ...first?.cause };
}

describe('the cause of a dear response', () => {
  it('is a cache miss where the response before had sent what was billed as new, with the time between', () => {
    const cause = dearestCause([{ input: 100_000 }, { input: 110_000, cachedInput: 2048, minute: 12 }]);
    expect(cause).toMatchObject({
      key: 'resp-1',
      kind: 'cache-miss',
      miss: { sentBeforeTokens: 100_000, cachedTokens: 2048, gapMs: 12 * MINUTE + 1, modelBefore: undefined },
      // 97,952 tokens at 1.75 instead of 0.175 dollars per million.
      nanoUsd: 97_952 * (1750 - 175),
    });
  });

  it.each<[string, Sent[], object]>([
    [
      'a miss by another model',
      [
        { input: 5e4, model: 'gpt-5.4-mini' },
        { input: 6e4, minute: 1 },
      ],
      { kind: 'cache-miss', miss: { modelBefore: 'gpt-5.4-mini' } },
    ],
    [
      'new input where all before was read from the cache',
      [{ input: 8000 }, { input: 68_000, cachedInput: 7936 }],
      { kind: 'context-growth', tokens: 60_064 },
    ],
    ['the first request of its thread', [{ input: 30_000 }], { kind: 'first-request', tokens: 30_000 }],
    [
      'the first request of a child thread',
      [{ input: 10_000 }, { input: 30_000, thread: 'child' }],
      { key: 'resp-1', kind: 'child-thread' },
    ],
    [
      'what the model reasoned',
      [{ input: 3000, output: 20_000, reasoning: 18_000 }],
      { kind: 'reasoning', tokens: 18_000 },
    ],
    ['what the model wrote', [{ input: 3000, output: 20_000, reasoning: 500 }], { kind: 'output', tokens: 19_500 }],
  ])('is %s, where that costs most', (_what, sent, cause) => {
    expect(dearestCause(sent)).toMatchObject(cause);
  });

  it('is that a thread was shortened where its context is smaller than before', () => {
    const sent = [
      { input: 200_000 },
      { input: 200_500, cachedInput: 199_936 },
      { input: 30_000, cachedInput: 2048, output: 2000 },
    ];
    const { dearest } = explain(sent);
    expect(dearest.map(({ response, cause }) => [response.key, cause?.kind])).toContainEqual([
      'resp-2',
      'context-shortened',
    ]);
  });

  it('is never a cache miss where the cache held all but a block', () => {
    for (const cachedInput of [99_000, 98_976]) {
      const [explained] = explain([{ input: 100_000 }, { input: 100_400, cachedInput, output: 9000 }]).dearest.filter(
        ({ response }) => response.key === 'resp-1',
      );
      expect(explained?.cause?.kind).toBe('output');
    }
  });

  it('is the price of a long request, or of a tier, where that costs most', () => {
    const long = dearestCause([
      { input: 290_000, model: LONG },
      { input: 300_000, cachedInput: 290_000, model: LONG },
    ]);
    expect(long).toMatchObject({ kind: 'first-request' });
    const [, second] = explain([
      { input: 290_000, model: LONG },
      { input: 300_000, cachedInput: 299_000, model: LONG, output: 4000 },
    ]).dearest;
    expect(second?.cause?.kind).toBe('context-length');
    const tier = explain([
      { input: 20_000, cachedInput: 0 },
      { input: 21_000, cachedInput: 19_968, tier: 'priority' },
    ]);
    expect(tier.causes.map(({ kind }) => kind)).toContain('tier');
  });

  it('is not known without a price: such responses are counted and left out', () => {
    const why = explain([
      { input: 3000, output: 10, model: 'nobody-knows' },
      { input: 3000, output: 10 },
    ]);
    expect(why).toMatchObject({ pricedResponses: 1, unpricedResponses: 1 });
    expect(why.dearest.map(({ response }) => response.key)).toEqual(['resp-1']);
  });
});

describe('the parts of a cost', () => {
  it('add up to it, to the nano-USD, at each price', () => {
    const sent = [
      { input: 100_001, cachedInput: 33_333, output: 777, reasoning: 111 },
      { input: 290_001, cachedInput: 33_333, cacheWrite: 5555, output: 777, model: LONG, tier: 'priority' },
      { input: 70_001, cachedInput: 33_333, cacheWrite: 5555, output: 777, model: LONG, tier: 'flex' },
    ];
    const { split, report } = explain(sent);
    const sum = Object.values(split).reduce((total, { nanoUsd }) => total + nanoUsd, 0);
    expect(Math.abs(sum - (report.totals.costNanoUsd ?? 0))).toBeLessThan(30);
    expect(split.fees.nanoUsd).toBe(0);
  });

  it('has cache writes that are kept for an hour at their own price, which are no fees', () => {
    const sent = {
      input: 30_000,
      cachedInput: 10_000,
      cacheWrite: 18_000,
      cacheWrite1h: 8000,
      model: 'claude-opus-4-5',
    };
    const { split, report } = explain([sent]);
    // 5 dollars per million tokens, 6.25 for a write and 10 for one that is kept for an hour.
    expect(split.cacheWrite).toEqual({ tokens: 18_000, nanoUsd: 10_000 * 6250 + 8000 * 10_000 });
    expect(split.fees.nanoUsd).toBe(0);
    expect(report.totals.costNanoUsd).toBe(split.cacheWrite.nanoUsd + 10_000 * 500 + 2000 * 5000);
  });
});

describe('the next step', () => {
  it('follows from the dearest cause that can be changed', () => {
    const miss = explain([
      { input: 100_000, cachedInput: 99_000 },
      { input: 101_000, minute: 12 },
    ]);
    expect(describeNextStep(miss)).toContain('resume a thread within minutes');
    const model = explain([{ input: 100_000, cachedInput: 99_000, model: 'gpt-5.4-mini' }, { input: 101_000 }]);
    expect(describeNextStep(model)).toContain('keep one model within a thread');
    expect(describeNextStep(explain([{ input: 100, output: 20_000 }]))).toContain('nothing stands out');
  });
});
