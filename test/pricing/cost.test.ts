import { expect, test } from 'vitest';
import { type Cost, costOf, divideUsage, readBaseRatesPer1k } from '../../src/pricing/cost.js';
import type { Price, Rates, ServiceTier } from '../../src/pricing/price.js';
import { createPriceBook } from '../../src/pricing/prices.js';
import { PRICE_TABLE } from '../../src/pricing/table.js';
import { BILLED_COUNTERS, type BilledCounterName } from '../../src/usage/counters.js';
import { NO_USAGE, type Usage } from '../../src/usage/usage.js';

/** The usage of one token of a counter, beside one of input. */
const ONLY: Partial<Record<BilledCounterName, Partial<Usage>>> = {
  cachedInput: { cachedInput: 1 },
  cacheWrite: { cacheWrite: 1 },
  cacheWrite1h: { cacheWrite: 1 },
  output: { input: 0, output: 1 },
};
const IN_OCTOBER_2026 = Date.parse('2026-10-01T12:00:00Z');

function priceOf(model: string, atMs = IN_OCTOBER_2026): Price {
  const price = createPriceBook().find(model, atMs);
  if (price === undefined) throw new Error(`${model} has no price`);
  return price;
}

function costAt(price: Price, counters: Partial<Usage>, tier: ServiceTier = 'standard'): Cost {
  const cost = costOf({ ...NO_USAGE, ...counters }, price, tier);
  if (cost === undefined) throw new Error(`${tier} has no price`);
  return cost;
}

test.each(BILLED_COUNTERS)('a token of $name costs what its own rate says', ({ name }) => {
  const rates = Object.fromEntries(
    BILLED_COUNTERS.map((counter, index) => [counter.name, 10 ** index]),
  ) as unknown as Rates;
  const usage = { ...NO_USAGE, input: 1, ...ONLY[name] };
  const cacheWrite1h = name === 'cacheWrite1h' ? 1 : 0;
  expect(divideUsage(usage, cacheWrite1h).tokens).toEqual(BILLED_COUNTERS.map((one) => Number(one.name === name)));
  const price = { ...priceOf('gpt-5.1-codex'), rates };
  const cost = costOf(usage, price, 'standard', { cacheWrite1h });
  expect(cost?.nanoUsd).toBe(rates[name]);
});

test.each<[what: string, model: string, tier: ServiceTier, counters: Partial<Usage>, nanoUsd: number]>([
  ['input and output at their rates', 'gpt-5.1-codex', 'standard', { input: 100, output: 9 }, 100 * 1250 + 9 * 10_000],
  ['cached input at its rate', 'gpt-5.3-codex', 'standard', { input: 9, cachedInput: 8 }, 1750 + 8 * 175],
  [
    'cache writes at their rate',
    'gpt-6.1-sol',
    'standard',
    { input: 9, cachedInput: 3, cacheWrite: 5 },
    2300 + 5 * 2500,
  ],
  ['cache writes without a rate as input', 'gpt-5.4', 'standard', { input: 9, cacheWrite: 5 }, 9 * 2500],
  [
    'priority at twice the price',
    'gpt-5.4',
    'priority',
    { input: 9, cachedInput: 4, output: 1 },
    5 * 5000 + 2000 + 30_000,
  ],
  ['priority of gpt-5.5 at 2.5 times', 'gpt-5.5', 'priority', { input: 9, cachedInput: 4 }, 5 * 12_500 + 4 * 1250],
  ['flex at half the price', 'gpt-5.5', 'flex', { input: 100, output: 10 }, 100 * 2500 + 10 * 15_000],
  ['flex at half the price of a long context', 'gpt-5.5', 'flex', { input: 300_000 }, 300_000 * 5000],
  ['long priority at twice that', 'gpt-6-astra', 'priority', { input: 3e5, cacheWrite: 1e5 }, 2e5 * 4e4 + 1e5 * 5e4],
])('bills %s', (_what, model, tier, counters, nanoUsd) => {
  expect(costAt(priceOf(model), counters, tier)).toMatchObject({ nanoUsd, billedTier: tier });
});

test('does not bill reasoning again, which output contains', () => {
  const price = priceOf('gpt-5.5');
  expect(costAt(price, { output: 900, reasoning: 800 })).toEqual(costAt(price, { output: 900 }));
});

test.each([
  ['at 272,000 input tokens', 'gpt-6.1-sol', { input: 272_000, output: 1000 }, 272_000 * 2000 + 1000 * 10_000],
  ['however long the output is', 'gpt-6-sol', { input: 200_000, output: 100_000 }, 200_000 * 2000 + 100_000 * 10_000],
  ['at any length without a price of long ones', 'gpt-5.3-codex', { input: 350_000 }, 350_000 * 1750],
])('keeps the base price %s', (_what, model, counters, nanoUsd) => {
  expect(costAt(priceOf(model), counters)).toMatchObject({ nanoUsd, longContext: false });
});

test('bills the whole request at the long-context price from 272001 input tokens on', () => {
  const counters = { input: 272_001, cachedInput: 200_000, cacheWrite: 70_000, output: 1000 };
  expect(costAt(priceOf('gpt-6.1-sol'), counters)).toMatchObject({
    nanoUsd: 2001 * 4000 + 200_000 * 200 + 70_000 * 5000 + 1000 * 15_000,
    longContext: true,
    rates: { input: 4000, cachedInput: 200, cacheWrite: 5000, output: 15_000 },
  });
});

test('bills a long priority request as standard where the vendor serves it as standard', () => {
  for (const model of ['gpt-5.4', 'gpt-5.5']) {
    const cost = costAt(priceOf(model), { input: 300_000, output: 10 }, 'priority');
    expect(cost).toEqual(costAt(priceOf(model), { input: 300_000, output: 10 }));
    expect(cost.billedTier).toBe('standard');
  }
});

test('knows from which day on long priority requests are served for gpt-5.6', () => {
  const long = { input: 300_000 };
  const before = priceOf('gpt-5.6-terra', Date.parse('2026-08-04T23:59:59Z'));
  const after = priceOf('gpt-5.6-terra', Date.parse('2026-08-05T00:00:00Z'));
  expect(costAt(before, long, 'priority').nanoUsd).toBe(300_000 * 4000);
  expect(costAt(after, long, 'priority').nanoUsd).toBe(300_000 * 8000);
});

test('rounds the cost once, not the rates, where a multiplier makes half a nano-USD', () => {
  const price = priceOf('gpt-5');
  expect(costAt(price, { input: 1, cachedInput: 1 }, 'flex')).toMatchObject({
    nanoUsd: 63,
    rates: { cachedInput: 62.5 },
  });
  expect(costAt(price, { input: 1000, cachedInput: 1000 }, 'flex').nanoUsd).toBe(62_500);
});

test('gives no cost in a tier that the price does not state', () => {
  expect(costOf({ ...NO_USAGE, input: 10 }, priceOf('o4-mini'), 'priority')).toBeUndefined();
});

test('makes a whole number of nano-USD of every price in the table, in every tier, at every length', () => {
  const odd: Usage = { ...NO_USAGE, input: 7, cachedInput: 3, cacheWrite: 1, output: 1, reasoning: 1 };
  const long: Usage = { ...odd, input: 300_001 };
  for (const price of PRICE_TABLE) {
    for (const tier of ['standard', 'priority', 'flex'] as const) {
      for (const cost of [costOf(odd, price, tier), costOf(long, price, tier)]) {
        if (cost !== undefined) expect(cost.nanoUsd, `${price.model} ${tier}`).toSatisfy(Number.isSafeInteger);
      }
    }
  }
});

test('cuts cached input to the input, and cache writes to what remains of it', () => {
  const price = priceOf('gpt-6-sol');
  expect(costAt(price, { input: 100, cachedInput: 150, cacheWrite: 50 })).toMatchObject({
    nanoUsd: 100 * 200,
    counters: 'clamped',
  });
  expect(costAt(price, { input: 100, cachedInput: 70, cacheWrite: 50 })).toMatchObject({
    nanoUsd: 70 * 200 + 30 * 2500,
    counters: 'clamped',
  });
});

test('counts a negative or missing number as zero, and never makes a negative cost', () => {
  const price = priceOf('gpt-6-sol');
  for (const impossible of [-5, Number.NaN, Number.POSITIVE_INFINITY]) {
    const counters = { input: 100, cachedInput: impossible, cacheWrite: impossible, output: impossible };
    expect(costAt(price, counters)).toMatchObject({ nanoUsd: 100 * 2000, counters: 'clamped' });
    expect(costAt(price, { input: impossible, cachedInput: 10 }).nanoUsd).toBe(0);
  }
});

test('says when the counters are consistent', () => {
  for (const counters of [{ input: 5, cachedInput: 2, cacheWrite: 3, output: 1 }, {}]) {
    expect(costAt(priceOf('gpt-6-sol'), counters).counters).toBe('consistent');
  }
});

test('states base rates in USD per 1000 tokens, whatever the tier', () => {
  expect(readBaseRatesPer1k(priceOf('gpt-5.1-codex'))).toEqual({ inputUsdPer1k: 0.00125, outputUsdPer1k: 0.01 });
  expect(readBaseRatesPer1k(priceOf('gpt-6-luna'))).toEqual({ inputUsdPer1k: 0.0001, outputUsdPer1k: 0.0005 });
});
