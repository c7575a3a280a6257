import { execFileSync } from 'node:child_process';
import { afterEach, expect, test, vi } from 'vitest';
import { createPriceBook } from '../../src/pricing/prices.js';

const IN_OCTOBER_2026 = Date.parse('2026-10-01T12:00:00Z');
const book = createPriceBook();

afterEach(() => vi.unstubAllGlobals());

test('prices a model that is not in our table as genai-prices does', () => {
  expect(book.find('gpt-4.1', IN_OCTOBER_2026)).toEqual({
    model: 'gpt-4.1',
    from: null,
    origin: 'genai-prices',
    rates: { input: 2000, cachedInput: 500, cacheWrite: null, output: 8000 },
  });
});

test('bills cached input as input where genai-prices knows no discount', () => {
  expect(book.find('gpt-5-pro', IN_OCTOBER_2026)?.rates).toMatchObject({ input: 15_000, cachedInput: 15_000 });
});

test('takes the dates of genai-prices', () => {
  expect(book.find('o3', Date.parse('2025-06-09T23:59:59Z'))?.rates.input).toBe(10_000);
  expect(book.find('o3', Date.parse('2025-06-10T00:00:00Z'))).toMatchObject({
    from: '2025-06-10',
    rates: { input: 2000 },
  });
});

test('takes the long-context price of genai-prices with its threshold', () => {
  expect(book.find('claude-sonnet-4-5', IN_OCTOBER_2026)).toMatchObject({
    rates: { input: 3000, cachedInput: 300, cacheWrite: 3750, output: 15_000 },
    longContext: {
      aboveInputTokens: 200_000,
      rates: { input: 6000, cachedInput: 600, cacheWrite: 7500, output: 22_500 },
    },
  });
});

test('finds a snapshot or a provider prefix there too, and a snapshot that has a price of its own', () => {
  expect(book.find('openai/gpt-4.1', IN_OCTOBER_2026)?.model).toBe('gpt-4.1');
  expect(book.find('anthropic/claude-sonnet-4-20250514', IN_OCTOBER_2026)?.rates.input).toBe(3000);
  expect(book.find('gpt-4o-2024-08-06', IN_OCTOBER_2026)?.rates.input).toBe(2500);
  expect(book.find('gpt-4o-2024-05-13', IN_OCTOBER_2026)?.rates.input).toBe(5000);
});

test('does not follow genai-prices where it matches by a part of the name', () => {
  for (const name of ['gpt-5-nano-foo', 'gpt-4.5-preview-x', 'claude-sonnet-4-5-turbo', 'gpt-9-moderation']) {
    expect(book.find(name, IN_OCTOBER_2026), name).toBeUndefined();
  }
});

test('prices models of Gemini, whole requests above the threshold at the price of long ones', () => {
  expect(book.find('gemini-2.5-pro', IN_OCTOBER_2026)).toMatchObject({
    rates: { input: 1250, cachedInput: 125, output: 10_000 },
    longContext: { aboveInputTokens: 200_000, rates: { input: 2500, cachedInput: 250, output: 15_000 } },
  });
  expect(book.find('google/gemini-3.1-pro-preview', IN_OCTOBER_2026)?.longContext?.aboveInputTokens).toBe(200_000);
  expect(book.find('gemini-3.8-flash', IN_OCTOBER_2026)?.rates).toMatchObject({ input: 750, output: 3750 });
  expect(book.find('gemini-3.8-flash', Date.parse('2027-01-01T00:00:00Z'))?.rates).toMatchObject({ input: 1500 });
});

test('does not price another model of Google: one of a similar name, one that draws, open weights', () => {
  const names = ['gemini-2.5-pro-exp-0801', 'gemini-3-flash', 'gemini-2.5-flash-image', 'gemma-3'];
  for (const name of [...names, 'gemini-9-pro', 'gemini-embedding-001', 'openai/gemini-2.5-pro']) {
    expect(book.find(name, IN_OCTOBER_2026), name).toBeUndefined();
  }
});

test('does not price open weights, which cost what their host asks or nothing, nor a model under the prefix of another vendor', () => {
  for (const name of ['gpt-oss-120b', 'openai/gpt-oss-20b', 'gpt-oss:20b', 'anthropic/gpt-4.1']) {
    expect(book.find(name, IN_OCTOBER_2026), name).toBeUndefined();
  }
});

test('needs no network', () => {
  const fetch = vi.fn();
  vi.stubGlobal('fetch', fetch);
  expect(book.find('gpt-4.1-mini', IN_OCTOBER_2026)?.origin).toBe('genai-prices');
  expect(fetch).not.toHaveBeenCalled();
});

test('loads genai-prices only for a model that neither the user nor our table prices', () => {
  const without = ['gpt-6.1-sol', 'openai/gpt-5.4-2026-03-05', 'my-own', 'qwen3-coder', 'gpt-oss:20b'];
  expect(countLoadsAfterFinding(...without)).toBe(0);
  expect(countLoadsAfterFinding('gpt-4.1', 'gpt-5-mini')).toBe(1);
});

/** How often a fresh process loads the package: this one has loaded it already. */
function countLoadsAfterFinding(...models: string[]): number {
  const script = `
    const { createRequire } = await import('node:module');
    const { createPriceBook } = await import('./src/pricing/prices.ts');
    const rates = { input: 1, cachedInput: 1, cacheWrite: null, output: 1 };
    const book = createPriceBook({ user: [{ model: 'my-own', from: null, rates }] });
    for (const model of ${JSON.stringify(models)}) book.find(model, ${IN_OCTOBER_2026});
    const files = Object.keys(createRequire(import.meta.url).cache);
    console.log(files.filter((file) => file.includes('genai-prices')).length);
  `;
  return Number(execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]).toString());
}
