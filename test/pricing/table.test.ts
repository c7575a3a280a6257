import { expect, test } from 'vitest';
import { findGenaiPrice } from '../../src/pricing/genai-prices.js';
import type { Price, Rates } from '../../src/pricing/price.js';
import { createPriceBook } from '../../src/pricing/prices.js';
import { PRICE_TABLE } from '../../src/pricing/table.js';

/** USD per million tokens in November 2026, as OpenAI prints them: input, cached, output, cache write. */
const PRINTED: [model: string, base: (number | null)[], long?: (number | null)[]][] = [
  ['gpt-5', [1.25, 0.125, 10, null]],
  ['gpt-5-codex', [1.25, 0.125, 10, null]],
  ['gpt-5.1', [1.25, 0.125, 10, null]],
  ['gpt-5.1-codex', [1.25, 0.125, 10, null]],
  ['gpt-5.1-codex-max', [1.25, 0.125, 10, null]],
  ['gpt-5.1-codex-mini', [0.25, 0.025, 2, null]],
  ['gpt-5.2', [1.75, 0.175, 14, null]],
  ['gpt-5.2-codex', [1.75, 0.175, 14, null]],
  ['gpt-5.3-codex', [1.75, 0.175, 14, null]],
  ['gpt-5.4', [2.5, 0.25, 15, null], [5, 0.5, 22.5, null]],
  ['gpt-5.4-mini', [0.75, 0.075, 4.5, null]],
  ['gpt-5.5', [5, 0.5, 30, null], [10, 1, 45, null]],
  ['gpt-5.6', [4, 0.4, 20, 5], [8, 0.8, 30, 10]],
  ['gpt-5.6-sol', [4, 0.4, 20, 5], [8, 0.8, 30, 10]],
  ['gpt-5.6-terra', [2, 0.2, 12, 2.5], [4, 0.4, 18, 5]],
  ['gpt-5.6-luna', [0.2, 0.02, 1.2, 0.25], [0.4, 0.04, 1.8, 0.5]],
  ['gpt-6-astra', [10, 1, 50, 12.5], [20, 2, 75, 25]],
  ['gpt-6-sol', [2, 0.2, 10, 2.5], [4, 0.4, 15, 5]],
  ['gpt-6-luna', [0.1, 0.01, 0.5, 0.125], [0.2, 0.02, 0.75, 0.25]],
  ['gpt-6.1-sol', [2, 0.1, 10, 2.5], [4, 0.2, 15, 5]],
  ['gpt-6.1-terra', [1, 0.05, 5, 1.25], [2, 0.1, 7.5, 2.5]],
  ['gpt-6.2-sol', [2, 0.1, 10, 2.5], [4, 0.2, 15, 5]],
  ['gpt-6.2-astra', [8, 0.4, 40, 10], [16, 0.8, 60, 20]],
  ['codex-mini-latest', [1.5, 0.375, 6, null]],
  ['o4-mini', [1.1, 0.275, 4.4, null]],
];

const IN_NOVEMBER_2026 = Date.parse('2026-11-20T12:00:00Z');

function print(rates: Rates): (number | null)[] {
  const { input, cachedInput, output, cacheWrite } = rates;
  return [input / 1000, cachedInput / 1000, output / 1000, cacheWrite === null ? null : cacheWrite / 1000];
}

test('holds the prices that OpenAI prints, for every model', () => {
  const book = createPriceBook();
  for (const [model, base, long] of PRINTED) {
    const price = book.find(model, IN_NOVEMBER_2026);
    expect(price?.origin, model).toBe('codex-metered');
    expect(price && print(price.rates), model).toEqual(base);
    expect(price?.longContext && print(price.longContext.rates), model).toEqual(long);
  }
  expect(new Set(PRICE_TABLE.map(({ model }) => model))).toEqual(new Set(PRINTED.map(([model]) => model)));
});

test('holds whole numbers of nano-USD, and 272000 as the only threshold', () => {
  for (const { model, rates, longContext } of PRICE_TABLE) {
    for (const rate of [...Object.values(rates), ...Object.values(longContext?.rates ?? {})]) {
      if (rate !== null) expect(rate, model).toSatisfy(Number.isSafeInteger);
    }
    if (longContext !== undefined) expect(longContext.aboveInputTokens, model).toBe(272_000);
  }
});

test('bills cache writes at 1.25 times the input from gpt-5.6 on', () => {
  for (const { model, rates, longContext } of PRICE_TABLE) {
    if (rates.cacheWrite !== null) expect(rates.cacheWrite, model).toBe(rates.input * 1.25);
    if (longContext?.rates.cacheWrite) expect(longContext.rates.cacheWrite, model).toBe(longContext.rates.input * 1.25);
  }
});

test('knows a price of every model since ever, and no two of one day', () => {
  for (const [model] of PRINTED) {
    const days = PRICE_TABLE.filter((price) => price.model === model).map(({ from }) => from);
    expect(days[0], model).toBeNull();
    expect(new Set(days).size, model).toBe(days.length);
  }
});

test('says of every price when it was last seen, and by whom', () => {
  for (const { model, confirmed } of PRICE_TABLE) {
    expect(confirmed?.on, model).toMatch(/^2026-\d\d-\d\d$/);
    expect(Date.parse(confirmed?.on ?? ''), model).toBeLessThan(Date.parse('2026-11-29'));
  }
});

test('says that the price of gpt-5.6-sol was promised to a day, and ends it on none', () => {
  const price = createPriceBook().find('gpt-5.6-sol', Date.parse('2026-12-24'));
  expect(price).toMatchObject({ from: '2026-08-21', confirmed: { promisedUntil: '2026-11-21' } });
  expect(price?.until).toBeUndefined();
});

// An independent table: where both know a model, a difference is a mistake in one of them.
test('agrees with genai-prices on every rate of every model that both know', () => {
  const compared = new Set<string>();
  for (const day of ['2026-07-29', '2026-07-30', '2026-08-20', '2026-08-21', '2026-11-20']) {
    for (const { model, rates, longContext } of pricesOn(day)) {
      const theirs = findGenaiPrice(model, Date.parse(day));
      if (theirs === undefined) continue;
      compared.add(model);
      expect(theirs.rates, `${model} on ${day}`).toEqual(rates);
      expect(theirs.longContext?.rates, `${model} on ${day}`).toEqual(longContext?.rates);
    }
  }
  const others = PRINTED.map(([model]) => model).filter((model) => !compared.has(model));
  expect(others).toEqual(['gpt-6.1-sol', 'gpt-6.1-terra', 'gpt-6.2-sol', 'gpt-6.2-astra']);
});

function pricesOn(day: string): Price[] {
  const book = createPriceBook();
  return PRINTED.flatMap(([model]) => book.find(model, Date.parse(day)) ?? []);
}
