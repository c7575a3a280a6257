import { describe, expect, it } from 'vitest';
import { CLAUDE_PRICES } from '../../src/pricing/claude-table.js';
import { costOf, priceResponse } from '../../src/pricing/cost.js';
import { findGenaiPrice } from '../../src/pricing/genai-prices.js';
import type { Price } from '../../src/pricing/price.js';
import { createPriceBook } from '../../src/pricing/prices.js';
import { NO_USAGE } from '../../src/usage/usage.js';

const IN_NOVEMBER_2026 = Date.parse('2026-11-28T12:00:00Z');
const book = createPriceBook();

function priceOf(model: string): Price {
  const price = book.find(model, IN_NOVEMBER_2026);
  if (price === undefined) throw new Error(`${model} has no price`);
  return price;
}

/**
 * What Claude Code 2.1.332 says that 1,000 tokens cost, in USD: fresh input, output, read from the cache, written to it for
 * five minutes, and for an hour. Measured on 2026-11-28, a run each.
 */
const MEASURED: [model: string, ...usd: number[]][] = [
  ['claude-opus-5-5', 0.004, 0.02, 0.0002, 0.005, 0.008],
  ['claude-opus-5', 0.005, 0.025, 0.0005, 0.00625, 0.01],
  ['claude-opus-4-8', 0.005, 0.025, 0.0005, 0.00625, 0.01],
  ['claude-opus-4-7', 0.005, 0.025, 0.0005, 0.00625, 0.01],
  ['claude-opus-4-6', 0.005, 0.025, 0.0005, 0.00625, 0.01],
  ['claude-opus-4-5', 0.005, 0.025, 0.0005, 0.00625, 0.01],
  ['claude-sonnet-5-5', 0.002, 0.01, 0.0001, 0.0025, 0.004],
  ['claude-sonnet-5', 0.002, 0.01, 0.0002, 0.0025, 0.004],
  ['claude-sonnet-4-6', 0.003, 0.015, 0.0003, 0.00375, 0.006],
  ['claude-sonnet-4-5', 0.003, 0.015, 0.0003, 0.00375, 0.006],
  ['claude-haiku-5-5', 0.0001, 0.0005, 0.00001, 0.000125, 0.0002],
  ['claude-haiku-4-5', 0.001, 0.005, 0.0001, 0.00125, 0.002],
  ['claude-fable-5', 0.01, 0.05, 0.001, 0.0125, 0.02],
  ['claude-fable-5-1', 0.01, 0.05, 0.00025, 0.0125, 0.02],
  ['claude-fable-5-2', 0.008, 0.04, 0.0002, 0.01, 0.016],
  ['claude-mythos-5', 0.01, 0.05, 0.001, 0.0125, 0.02],
  ['claude-mythos-5-1', 0.01, 0.05, 0.00025, 0.0125, 0.02],
  ['claude-mythos-5-2', 0.008, 0.04, 0.0002, 0.01, 0.016],
];

const KINDS = [
  { usage: { input: 1000 } },
  { usage: { output: 1000 } },
  { usage: { input: 1000, cachedInput: 1000 } },
  { usage: { input: 1000, cacheWrite: 1000 } },
  { usage: { input: 1000, cacheWrite: 1000 }, cacheWrite1h: 1000 },
];

describe('the prices of the models that Claude Code offers', () => {
  it.each(MEASURED)('are those that Claude Code itself reckons with: %s', (model, ...usd) => {
    const price = priceOf(model);
    const costs = KINDS.map(({ usage, ...rest }) => costOf({ ...NO_USAGE, ...usage }, price, 'standard', rest));
    expect(costs.map((cost) => (cost?.nanoUsd ?? 0) / 1e9)).toEqual(usd);
  });

  it.each([
    ['claude-opus-5-5', 2],
    ['claude-opus-5', 2],
    ['claude-opus-4-8', 2],
    ['claude-opus-4-7', 6],
    ['claude-opus-4-6', 6],
    ['claude-fable-5-2', 2],
    ['claude-mythos-5-2', 2],
  ])('in fast mode are a multiple of the others: %s', (model, times) => {
    const usage = { ...NO_USAGE, input: 1000, cachedInput: 500, output: 100 };
    const standard = costOf(usage, priceOf(model), 'standard')?.nanoUsd ?? 0;
    expect(costOf(usage, priceOf(model), 'priority')?.nanoUsd).toBe(times * standard);
  });

  it('have no fast mode where Claude Code knows none', () => {
    for (const name of ['sonnet-5-5', 'haiku-5-5', 'opus-4-5', 'fable-5-1', 'mythos-5']) {
      expect(costOf(NO_USAGE, priceOf(`claude-${name}`), 'priority'), name).toBeUndefined();
    }
  });

  it('are five times as high for all of a request of Haiku 5.5 with more than 100,000 tokens of input', () => {
    const cost = (input: number) =>
      costOf({ ...NO_USAGE, input, output: 1000 }, priceOf('claude-haiku-5-5'), 'standard');
    expect(cost(100_000)?.nanoUsd).toBe(100_000 * 100 + 1000 * 500);
    expect(cost(100_001)?.nanoUsd).toBe(5 * (100_001 * 100 + 1000 * 500));
  });

  it('agree with genai-prices on every rate of every model that both know, in every era', () => {
    const compared = new Set<string>();
    for (const day of ['2026-03-12', '2026-03-13', '2026-11-28']) {
      for (const { model } of CLAUDE_PRICES) {
        const [ours, theirs] = [book.find(model, Date.parse(day)), findGenaiPrice(model, Date.parse(day))];
        if (theirs === undefined) continue;
        compared.add(model);
        expect(ours?.origin).toBe('codex-metered');
        expect(theirs.rates, `${model} on ${day}`).toEqual(ours?.rates);
        expect(theirs.longContext?.rates, `${model} on ${day}`).toEqual(ours?.longContext?.rates);
      }
    }
    expect(compared.size).toBe(5);
  });
});

describe('a fee', () => {
  const usage = { ...NO_USAGE, input: 1000 };
  const response = { model: 'claude-opus-5', serviceTier: null, atMs: IN_NOVEMBER_2026, usage };
  const fees = { webSearches: 0, inferenceGeo: undefined, unknown: [] };
  const costWith = (some: object) => priceResponse(book, { ...response, fees: { ...fees, ...some } });

  it('of a web search is a cent, in the US too', () => {
    expect(costWith({ webSearches: 3 })).toMatchObject({ nanoUsd: 5_000_000 + 30_000_000 });
    expect(costWith({ webSearches: 3, inferenceGeo: 'us' })).toMatchObject({ nanoUsd: 5_500_000 + 30_000_000 });
  });

  it('of inference in the US is a tenth of what the tokens cost, in fast mode too', () => {
    const fast = { ...response, serviceTier: 'fast', fees: { ...fees, inferenceGeo: 'us' } };
    expect(priceResponse(book, fast)).toMatchObject({ nanoUsd: 11_000_000 });
  });

  it('without a known price is missing from the cost, and named', () => {
    expect(costWith({ unknown: ['code execution'] })).toMatchObject({
      nanoUsd: 5_000_000,
      missing: ['code execution'],
    });
    expect(costWith({ inferenceGeo: 'mars' })).toMatchObject({ nanoUsd: 5_000_000, missing: ['inference in mars'] });
    expect(costWith({})).toMatchObject({ kind: 'priced', missing: undefined });
  });
});
