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

function inputRateAt(model: string, time: string): number | undefined {
  return book.find(model, Date.parse(time))?.rates.input;
}

test('changes the price of gpt-5.6-sol with the day, at midnight UTC', () => {
  expect(book.find('gpt-5.6-sol', Date.parse('2026-08-20T23:59:59.999Z'))).toMatchObject({
    from: '2026-08-05',
    rates: { input: 5000, cachedInput: 500, cacheWrite: 6250, output: 30_000 },
    longContext: { rates: { input: 10_000, cachedInput: 1000, cacheWrite: 12_500, output: 45_000 } },
  });
  expect(book.find('gpt-5.6-sol', Date.parse('2026-08-21T00:00:00.000Z'))).toMatchObject({
    from: '2026-08-21',
    rates: { input: 4000, cachedInput: 400, cacheWrite: 5000, output: 20_000 },
    longContext: { rates: { input: 8000, cachedInput: 800, cacheWrite: 10_000, output: 30_000 } },
  });
});

test('changes the prices of gpt-5.6-terra and gpt-5.6-luna on 2026-07-30', () => {
  expect(inputRateAt('gpt-5.6-terra', '2026-07-29T23:59:59Z')).toBe(2500);
  expect(inputRateAt('gpt-5.6-terra', '2026-07-30T00:00:00Z')).toBe(2000);
  expect(inputRateAt('gpt-5.6-luna', '2026-07-29T23:59:59Z')).toBe(1000);
  expect(inputRateAt('gpt-5.6-luna', '2026-07-30T00:00:00Z')).toBe(200);
});

test('finds the same price under the name of a dated snapshot, of a provider, and in any case', () => {
  for (const name of [
    'gpt-5.1-2025-11-13',
    'openai/gpt-5.1',
    'openai/gpt-5.1-2025-11-13',
    'GPT-5.1',
    'gpt-5.1-20251113',
  ]) {
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
  for (const name of [
    'gpt-5.4-foo',
    'gpt-5.4-2026',
    'gpt-5.4-2026-13-01',
    'gpt-5.4-2026-03-05-foo',
    'gpt-5.40',
    'gpt-6',
    'xgpt-5.4',
    'gpt-5.4:free',
    'gpt-5.1-codex-max-high',
    'azure/gpt-5.4',
    'openai/openai/gpt-5.4',
    'constructor',
    '',
  ]) {
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
  for (const user of [
    [later, OWN],
    [OWN, later],
  ]) {
    const own = createPriceBook({ user });
    expect(own.find('gpt-5.4', Date.parse('2026-05-01'))?.rates.input).toBe(2000);
    expect(own.find('gpt-5.4', Date.parse('2026-07-01'))?.rates.input).toBe(1);
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
