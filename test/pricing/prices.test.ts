import { expect, test } from 'vitest';
import type { PriceEntry } from '../../src/pricing/price.js';
import { createPriceBook } from '../../src/pricing/prices.js';

const IN_OCTOBER_2026 = Date.parse('2026-10-01T12:00:00Z');
const OWN: PriceEntry = {
  model: 'gpt-5.4',
  from: null,
  rates: { input: 2000, cachedInput: 200, cacheWrite: null, output: 12_000 },
};

const book = createPriceBook();

// The other rates of these days are held against genai-prices in table.test.ts.
test.each([
  ['gpt-5.6-sol', '2026-08-21', 5000, 4000],
  ['gpt-5.6-terra', '2026-07-30', 2500, 2000],
  ['gpt-5.6-luna', '2026-07-30', 1000, 200],
])('changes the price of %s at midnight UTC of %s', (model, day, before, after) => {
  const rates = [-1, 0].map((ms) => book.find(model, Date.parse(day) + ms)?.rates.input);
  expect(rates).toEqual([before, after]);
});

test('finds the same price under the name of a dated snapshot, of a provider, and in any case', () => {
  const snapshots = ['gpt-5.1-2025-11-13', 'gpt-5.1-20251113', 'openai/gpt-5.1-2025-11-13'];
  for (const name of [...snapshots, 'openai/gpt-5.1', 'GPT-5.1']) {
    expect(book.find(name, IN_OCTOBER_2026), name).toMatchObject({ model: 'gpt-5.1', origin: 'codex-metered' });
  }
  expect(book.find('gpt-5.4-mini-2026-03-17', IN_OCTOBER_2026)?.rates.input).toBe(750);
});

test('prices the alias gpt-5.6 as the model that it means', () => {
  const { rates, longContext } = book.find('gpt-5.6-sol', IN_OCTOBER_2026) ?? {};
  expect(book.find('gpt-5.6', IN_OCTOBER_2026)).toMatchObject({ rates, longContext });
});

test('never takes the price of a model whose name merely begins the same', () => {
  expect(book.find('gpt-5.4-mini', IN_OCTOBER_2026)?.rates.input).toBe(750);
  const longer = ['gpt-5.4-foo', 'gpt-5.40', 'gpt-5.4:free', 'gpt-5.1-codex-max-high', 'xgpt-5.4', 'azure/gpt-5.4'];
  const dated = ['gpt-5.4-2026', 'gpt-5.4-2026-13-01', 'gpt-5.4-2026-03-05-foo'];
  for (const name of [...longer, ...dated, 'openai/openai/gpt-5.4', 'gpt-6', 'constructor', '']) {
    expect(book.find(name, IN_OCTOBER_2026), name).toBeUndefined();
  }
});

test('lets the price of the user win over ours, and over that of genai-prices', () => {
  const own = createPriceBook({ user: [OWN, { ...OWN, model: 'GPT-4.1' }] });
  expect(own.find('gpt-5.4', IN_OCTOBER_2026)).toEqual({ ...OWN, origin: 'user' });
  expect(own.find('openai/gpt-5.4-2026-03-05', IN_OCTOBER_2026)).toEqual({ ...OWN, origin: 'user' });
  expect(own.find('gpt-4.1', IN_OCTOBER_2026)).toMatchObject({ origin: 'user', rates: OWN.rates });
  expect(own.find('gpt-5.4-mini', IN_OCTOBER_2026)?.origin).toBe('codex-metered');
});

test('prices a model that only the user knows, under any name', () => {
  const own = createPriceBook({ user: [{ ...OWN, model: 'azure/my-deployment' }] });
  expect(own.find('azure/my-deployment', IN_OCTOBER_2026)?.origin).toBe('user');
  expect(own.find('my-deployment', IN_OCTOBER_2026)).toBeUndefined();
});

test('lets a price of the user hold from its day on, and ours before', () => {
  const own = createPriceBook({ user: [{ ...OWN, from: '2026-06-01' }] });
  expect(own.find('gpt-5.4', Date.parse('2026-05-31T23:59:59Z'))?.origin).toBe('codex-metered');
  expect(own.find('gpt-5.4', Date.parse('2026-06-01T00:00:00Z'))?.origin).toBe('user');
});

test('takes the latest of several prices of the user, in whatever order they are', () => {
  const later = { ...OWN, from: '2026-06-01', rates: { ...OWN.rates, input: 1 } };
  for (const user of [[later, OWN], [later, OWN].reverse()]) {
    const own = createPriceBook({ user });
    const rates = ['2026-05-01', '2026-07-01'].map((day) => own.find('gpt-5.4', Date.parse(day))?.rates.input);
    expect(rates).toEqual([2000, 1]);
  }
});

test('refuses a price of the user that could not be meant', () => {
  const unusable: PriceEntry[] = [
    { ...OWN, model: ' ' },
    { ...OWN, from: '2026-02-30' },
    { ...OWN, from: 'June 2026' },
    { ...OWN, rates: { ...OWN.rates, input: -1 } },
    { ...OWN, rates: { ...OWN.rates, cacheWrite: Number.NaN } },
    { ...OWN, tierMultipliers: { flex: Number.POSITIVE_INFINITY } },
    { ...OWN, longContext: { aboveInputTokens: -1, rates: OWN.rates } },
    { ...OWN, longContext: { aboveInputTokens: 1, rates: { ...OWN.rates, output: -1 } } },
  ];
  for (const entry of unusable) expect(() => createPriceBook({ user: [entry] })).toThrow(RangeError);
});
