import { describe, expect, test } from 'vitest';
import { Growth } from '../../src/estimate/growth.js';
import { completeUsage } from '../../src/usage/usage.js';

const TOTAL = completeUsage({ input: 1000, cachedInput: 10, output: 11, reasoning: 4 });

describe('the growth of a total', () => {
  test('is news once, however often the row repeats', () => {
    const growth = new Growth();
    expect([growth.isNews(TOTAL), growth.isNews(TOTAL)]).toEqual([true, false]);
  });

  test('is no news when a usage record has told of it', () => {
    const growth = new Growth();
    growth.takeRecord();
    expect(growth.isNews(TOTAL)).toBe(false);
  });

  test('is news again when a resumed thread has counted from zero to the same figures', () => {
    const growth = new Growth();
    expect([growth.isNews(TOTAL), growth.isNews(undefined), growth.isNews(TOTAL)]).toEqual([true, false, true]);
  });
});
