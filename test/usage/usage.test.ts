import { expect, it } from 'vitest';
import { COUNTERS } from '../../src/usage/counters.js';
import { addUsage, equalUsage, isNegativeUsage, isNoUsage, NO_USAGE, subtractUsage } from '../../src/usage/usage.js';

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

it('names the counters in the order of the list, in which sums are written', () => {
  for (const usage of [NO_USAGE, addUsage(NO_USAGE, COUNTS), subtractUsage(COUNTS, NO_USAGE)]) {
    expect(Object.keys(usage)).toEqual(COUNTERS.map(({ name }) => name));
  }
});
