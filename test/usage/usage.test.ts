import { expect, it } from 'vitest';
import { isPossibleUsage } from '../../src/usage/count.js';
import { COUNTERS } from '../../src/usage/counters.js';
import {
  addToCounts,
  addUsage,
  equalUsage,
  isNegativeUsage,
  isNoUsage,
  NO_USAGE,
  subtractUsage,
} from '../../src/usage/usage.js';

const COUNTS = Object.fromEntries(COUNTERS.map(({ name }, index) => [name, 10 ** index])) as typeof NO_USAGE;

it.each(COUNTERS)('adds, subtracts and compares $name', ({ name }) => {
  const one = { ...NO_USAGE, [name]: 3 };
  expect(addUsage(COUNTS, one)).toEqual({ ...COUNTS, [name]: COUNTS[name] + 3 });
  expect(subtractUsage(COUNTS, one)).toEqual({ ...COUNTS, [name]: COUNTS[name] - 3 });
  const equal = [equalUsage(one, NO_USAGE), equalUsage(NO_USAGE, one), equalUsage(one, { ...one })];
  expect(equal).toEqual([false, false, true]);
  expect([isNoUsage(one), isNoUsage({ ...NO_USAGE })]).toEqual([false, true]);
  expect([isNegativeUsage(subtractUsage(NO_USAGE, one)), isNegativeUsage(one)]).toEqual([true, false]);
});

it.each(COUNTERS)('adds $name to sums in the order of the list, and refuses it beyond what it can be', ({ name }) => {
  const counts = COUNTERS.map(() => 1);
  addToCounts(counts, COUNTS);
  expect(counts).toEqual(COUNTERS.map((counter) => 1 + COUNTS[counter.name]));
  for (const impossible of [-1, 0.5, 1e9 + 1, Number.NaN]) {
    expect(isPossibleUsage({ ...COUNTS, [name]: impossible }, 'usage_record')).toBe(false);
  }
  expect(isPossibleUsage({ ...COUNTS, [name]: 1e9 }, 'usage_record')).toBe(true);
});

it('names the counters in the order of the list, in which sums are written', () => {
  for (const usage of [NO_USAGE, addUsage(NO_USAGE, COUNTS), subtractUsage(COUNTS, NO_USAGE)]) {
    expect(Object.keys(usage)).toEqual(COUNTERS.map(({ name }) => name));
  }
});
