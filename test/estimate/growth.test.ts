import { describe, expect, test } from 'vitest';
import { Growth } from '../../src/estimate/open-response.js';
import { completeUsage } from '../../src/usage/usage.js';

const TOTAL = completeUsage({ input: 1000, cachedInput: 10, output: 11, reasoning: 4 });

describe('the growth of a total', () => {
  test('is news once, however often the row repeats', () => {
    const growth = new Growth();
    expect([growth.takeTotal(TOTAL), growth.takeTotal(TOTAL)]).toEqual([true, false]);
  });

  test('is nothing new when a usage record has counted it', () => {
    const growth = new Growth();
    growth.takeRecord();
    expect(growth.takeTotal(TOTAL)).toBe(false);
  });

  test('is news again when a resumed thread has counted from zero to the same figures', () => {
    const growth = new Growth();
    expect([growth.takeTotal(TOTAL), growth.takeTotal(undefined), growth.takeTotal(TOTAL)]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
