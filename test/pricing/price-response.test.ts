import { expect, test } from 'vitest';
import { type BillableResponse, priceResponse } from '../../src/pricing/cost.js';
import { convertToNanoUsdPerToken, parseServiceTier } from '../../src/pricing/price.js';
import { createPriceBook } from '../../src/pricing/prices.js';
import { NO_USAGE } from '../../src/usage/usage.js';

const BOOK = createPriceBook();
const RESPONSE: BillableResponse = {
  model: 'gpt-6.1-sol',
  serviceTier: undefined,
  atMs: Date.parse('2026-10-01T12:00:00Z'),
  usage: { ...NO_USAGE, input: 1000, cachedInput: 900, output: 50 },
};
const STANDARD_NANO_USD = 100 * 2000 + 900 * 100 + 50 * 10_000;

test('prices a response with the price that it names', () => {
  expect(priceResponse(BOOK, RESPONSE)).toMatchObject({
    kind: 'priced',
    nanoUsd: STANDARD_NANO_USD,
    billedTier: 'standard',
    longContext: false,
    price: { model: 'gpt-6.1-sol', origin: 'codex-metered', from: null },
  });
});

test('takes the tier in the words of Codex and of the API', () => {
  for (const serviceTier of ['fast', 'priority', 'Priority']) {
    expect(priceResponse(BOOK, { ...RESPONSE, serviceTier })).toMatchObject({ nanoUsd: STANDARD_NANO_USD * 2 });
  }
  expect(priceResponse(BOOK, { ...RESPONSE, serviceTier: 'flex' })).toMatchObject({ nanoUsd: STANDARD_NANO_USD / 2 });
  for (const serviceTier of ['default', 'auto', 'standard', null, undefined]) {
    expect(priceResponse(BOOK, { ...RESPONSE, serviceTier })).toMatchObject({ nanoUsd: STANDARD_NANO_USD });
  }
});

test('guesses no tier from a word that it does not know', () => {
  for (const word of ['hyperfast', 'scale', 'batch', 'fastest', '', 'constructor']) {
    expect(parseServiceTier(word), word).toBeUndefined();
  }
});

test.each<[what: string, change: object, reason: string, detail: string]>([
  ['in an unknown tier', { serviceTier: 'scale' }, 'unknown-tier', 'The service tier "scale" is not known.'],
  ['of an unknown model', { model: 'gpt-5.4-foo' }, 'no-price', 'No price is known for the model "gpt-5.4-foo".'],
  [
    'in a tier whose price is not known for its model',
    { model: 'gpt-5-mini', serviceTier: 'priority' },
    'no-tier-price',
    'No price is known for the model "gpt-5-mini" in the service tier "priority".',
  ],
  ['at no time', { atMs: Number.NaN }, 'no-price', 'No price is known for the model "gpt-6.1-sol".'],
  ...[undefined, null, '', ' '].map((model): [string, object, string, string] => {
    return [`of the model ${model}`, { model }, 'no-model', 'It is not known which model answered.'];
  }),
])('leaves a response %s unpriced and says which', (_what, change, reason, detail) => {
  expect(priceResponse(BOOK, { ...RESPONSE, ...change })).toEqual({ kind: 'unpriced', reason, detail });
});

test('leaves a response unpriced that a price out of all reason makes dearer than any can be, and says so', () => {
  const priceAt = (rate: number, usage = RESPONSE.usage) => {
    const rates = { input: rate, cachedInput: rate, cacheWrite: null, output: rate };
    const book = createPriceBook({ user: [{ model: 'gpt-6.1-sol', from: null, rates }] });
    return priceResponse(book, { ...RESPONSE, usage });
  };
  for (const rate of [1e10, 2 ** 53, 1e15, Number.MAX_VALUE]) {
    expect(priceAt(rate)).toEqual({
      kind: 'unpriced',
      reason: 'absurd-price',
      detail: 'The price of the model "gpt-6.1-sol" makes one response cost more than $10,000.',
    });
  }
  expect(priceAt(1e9)).toMatchObject({ kind: 'priced', nanoUsd: 1_050_000_000_000 });
  // Nothing costs nothing, at any price.
  expect(priceAt(Number.MAX_VALUE, NO_USAGE)).toMatchObject({ kind: 'priced', nanoUsd: 0 });
});

test('takes a price that is too large for its unit as the largest there is', () => {
  expect(convertToNanoUsdPerToken(1e300)).toBeLessThanOrEqual(Number.MAX_VALUE);
  expect(convertToNanoUsdPerToken(1.75)).toBe(1750);
});
