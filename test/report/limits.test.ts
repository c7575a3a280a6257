import { describe, expect, test } from 'vitest';
import { describeLimits, labelLimit, nameWindow } from '../../src/report/limits.js';
import type { RateLimit } from '../../src/usage/record.js';

const NOW = Date.UTC(2026, 10, 24, 12);
const HOUR = 3_600_000;

const limit = (more: Partial<RateLimit> = {}): RateLimit => ({
  ...{ provider: 'codex', limitId: 'codex', windowMinutes: 300, usedPercent: 38 },
  ...{ resetsAtMs: NOW + HOUR, observedAtMs: NOW - HOUR },
  ...more,
});
const week = limit({ windowMinutes: 10_080, usedPercent: 81 });
const described = (...limits: RateLimit[]) =>
  describeLimits(limits, NOW).map((one) => [labelLimit(one), one.leftPercent]);

describe('a rate-limit window', () => {
  test.each([
    [300, '5h'],
    [299, '5h'],
    [10_080, 'week'],
    [10_079, 'week'],
    [60, '1h'],
    [1440, '1d'],
    [43_200, '30d'],
    [45, '45m'],
  ])('of %i minutes is called %s', (minutes, name) => {
    expect(nameWindow(minutes)).toBe(name);
  });

  test('shows what is left, the shortest first, and those of single models last', () => {
    const spark = limit({ limitId: 'codex_spark', windowMinutes: 60, usedPercent: 66 });
    expect(described(spark, week, limit())).toEqual([
      ['5h', 62],
      ['week', 19],
      ['codex_spark 1h', 34],
    ]);
  });

  test.each([
    ['that has begun anew is there, and nobody knows what is left of it', { resetsAtMs: NOW - 1 }, [['5h', undefined]]],
    ['is forgotten when it has long been over', { resetsAtMs: NOW - 5 * HOUR }, []],
    ['without a reset is forgotten after its length', { resetsAtMs: undefined, observedAtMs: NOW - 6 * HOUR }, []],
  ])('%s', (_what, more, expected) => {
    expect(described(limit(more))).toEqual(expected);
  });

  test('that was reported with another length is the newer of the two', () => {
    const older = limit({ windowMinutes: 299, usedPercent: 90, observedAtMs: NOW - 2 * HOUR });
    expect(described(older, limit())).toEqual([['5h', 62]]);
    expect(described(limit(), older)).toEqual([['5h', 62]]);
  });

  test('has between nothing and all of it left, whatever is said', () => {
    expect(described(limit({ usedPercent: 104 }), limit({ ...week, usedPercent: -3 }))).toEqual([
      ['5h', 0],
      ['week', 100],
    ]);
  });
});
