import { describe, expect, it } from 'vitest';
import { CREDIT_CARD, CREDIT_ENTRIES } from '../../src/pricing/credit-card.js';
import { lengthOf, takeCredits } from '../../src/pricing/credits.js';
import { createPriceBook } from '../../src/pricing/prices.js';

const NOON = Date.parse('2026-11-20T12:00:00Z');
const of = (model: string, serviceTier: string | null = null, atMs = NOON) => {
  return { model, serviceTier, atMs, length: 'short' as const };
};
const TOKENS = { input: 10_000, cachedInput: 4_000, output: 2_000 };

describe('the credits of a response', () => {
  it('are its fresh input, its cached input and its output at the rates of the day', () => {
    // 6,000 at 43.75, 4,000 at 4.375 and 2,000 at 350 per million.
    expect(takeCredits(of('gpt-5.3-codex'), TOKENS)).toBe(0.98e9);
    // 100, 10, 500 since 2026-08-21; 125, 12.5, 750 before.
    expect(takeCredits(of('gpt-5.6-sol'), TOKENS)).toBe(1.64e9);
    expect(takeCredits(of('gpt-5.6-sol', null, Date.parse('2026-08-20T23:59:59Z')), TOKENS)).toBe(2.3e9);
  });

  it('have a multiple of their own in Fast mode, which is not the one of USD', () => {
    expect(takeCredits(of('gpt-5.6-sol', 'priority'), TOKENS)).toBe(2.5 * 1.64e9);
    expect(takeCredits(of('gpt-5.6-sol', 'fast'), TOKENS)).toBe(2.5 * 1.64e9);
    const price = createPriceBook().find('gpt-5.6-sol', NOON);
    expect(price?.tierMultipliers?.priority).toBe(2);
  });

  it('are not known for another tier, a long input that only USD prices, an unlisted model, or a day before tokens counted', () => {
    const unknown = [
      of('gpt-5.6-sol', 'flex'),
      of('gpt-5.6-sol', 'ultrafast'),
      of('gpt-6.1-sol', 'priority'),
      { ...of('gpt-5.6-sol'), length: 'long' as const },
      of('codex-auto-review'),
      of('gpt-5.6-sol-mini'),
      of('gpt-5.3-codex', null, Date.parse('2026-04-01T23:59:59Z')),
    ];
    expect(unknown.map((one) => takeCredits(one, TOKENS))).toEqual(unknown.map(() => undefined));
  });

  it('take no more for a long input of gpt-6-astra, which the rate card excepts', () => {
    const long = { ...of('gpt-6-astra'), length: lengthOf(272_001) };
    expect(long.length).toBe('long');
    expect(lengthOf(272_000)).toBe('short');
    expect(takeCredits(long, TOKENS)).toBe(takeCredits(of('gpt-6-astra'), TOKENS));
  });

  it('of a snapshot, or behind the prefix of a gateway, are those of the model', () => {
    for (const name of ['openai/gpt-5.4', 'GPT-5.4', 'gpt-5.4-2026-03-05']) {
      expect(takeCredits(of(name), TOKENS), name).toBe(takeCredits(of('gpt-5.4'), TOKENS));
    }
  });

  it('may be taken of a sum: of one class it takes what its responses take one by one', () => {
    for (const { model } of CREDIT_ENTRIES) {
      const parts = Array.from({ length: 50 }, (_, n) => {
        const input = 1000 + ((n * 7919) % 250_000);
        return { input, cachedInput: (n * 104_729) % input, output: (n * 611) % 9000 };
      });
      const sumOf = (name: keyof typeof TOKENS) => parts.reduce((total, part) => total + part[name], 0);
      const sum = { input: sumOf('input'), cachedInput: sumOf('cachedInput'), output: sumOf('output') };
      for (const tier of [null, 'priority']) {
        const each = parts.map((part) => takeCredits(of(model, tier), part));
        if (each.includes(undefined)) expect(takeCredits(of(model, tier), sum), model).toBeUndefined();
        else expect(takeCredits(of(model, tier), sum), model).toBe(each.reduce((a = 0, b = 0) => a + b));
      }
    }
  });
});

describe('the rate card', () => {
  it('is unconfirmed, and has 25 credits for each USD of the standard list price of its day', () => {
    expect(CREDIT_CARD.unconfirmed).toBe(true);
    const book = createPriceBook();
    for (const { model, from, input, cachedInput, output } of CREDIT_ENTRIES) {
      const rates = book.find(model, Date.parse(from))?.rates;
      const listed = [rates?.input, rates?.cachedInput, rates?.output].map((rate) => ((rate ?? 0) / 1000) * 25);
      // The card prints 113 for 112.5.
      const printed = [input, cachedInput, model === 'gpt-5.4-mini' ? output - 0.5 : output];
      expect(printed, `${model} from ${from}`).toEqual(listed);
    }
  });

  it('has the entries of a model in order of time, one a day', () => {
    for (const { model } of CREDIT_ENTRIES) {
      const days = CREDIT_ENTRIES.filter((entry) => entry.model === model).map(({ from }) => from);
      expect(days, model).toEqual([...new Set(days)].sort());
    }
  });
});
