import { expect, test } from 'vitest';
import { readRateLimits } from '../../src/store/rate-limits.js';
import type { RateLimit } from '../../src/usage/record.js';
import { createStore, START, sampleInvocation } from './samples.js';

const HOURS: RateLimit = {
  provider: 'codex',
  limitId: 'codex',
  windowMinutes: 300,
  usedPercent: 40,
  resetsAtMs: START + 3_600_000,
  observedAtMs: START,
};
const WEEK: RateLimit = { ...HOURS, windowMinutes: 10_080, usedPercent: 12, resetsAtMs: undefined };

test('the newest observation of a window wins, in whatever order they come', () => {
  const store = createStore();
  const invocation = sampleInvocation('one');
  const newer = { ...HOURS, usedPercent: 41, observedAtMs: START + 5 };
  store.record({ invocation, rateLimits: [WEEK, newer] });
  store.record({ invocation, rateLimits: [HOURS] });
  expect(readRateLimits(store.connection)).toEqual([newer, WEEK]);
  const newest = { ...newer, usedPercent: 0, resetsAtMs: undefined, observedAtMs: START + 6 };
  store.record({ invocation, rateLimits: [newest] });
  expect(readRateLimits(store.connection)).toEqual([newest, WEEK]);
});
