import { expect, test } from 'vitest';
import type { Store } from '../../src/store/store.js';
import { NOTHING_SPENT } from '../../src/usage/budget.js';
import { createStore, START, sampleInvocation, sampleResponse } from './samples.js';

const QUARTER_MS = 15 * 60_000;
const startMs = Math.floor(START / QUARTER_MS) * QUARTER_MS;
const QUERY = {
  ...{ projectId: 'shop', runId: 'nightly-7', invocationId: 'own' },
  day: { startMs, endMs: startMs + QUARTER_MS },
};

function record({ record }: Store, id: string, attribution = {}, completedAtMs = startMs) {
  const priced = { completedAtMs, usage: { input: 100, output: 10 }, costNanoUsd: 7 };
  const unpriced = { completedAtMs, usage: { input: 1, output: 1 }, costNanoUsd: undefined, source: 'parsed' } as const;
  const responses = [sampleResponse(`${id}-1`, priced), sampleResponse(`${id}-2`, unpriced)];
  record({ invocation: sampleInvocation(id, { attribution }), responses });
}

test('what others have spent is read of a run in a project, and of the project on a day', () => {
  const store = createStore();
  record(store, 'own');
  record(store, 'same run');
  record(store, 'same run, before the day', {}, startMs - 1);
  record(store, 'other run', { runId: 'nightly-8' });
  record(store, 'other project', { projectId: 'store' });
  const each = { nanoUsd: 7, tokens: 112, unpricedResponses: 1, inexactResponses: 1 };
  const twice = { nanoUsd: 14, tokens: 224, unpricedResponses: 2, inexactResponses: 2 };
  expect(store.readSpent('run', QUERY)).toEqual(twice);
  expect(store.readSpent('day', QUERY)).toEqual(twice);
  expect(store.readSpent('run', { ...QUERY, runId: 'nightly-8' })).toEqual(each);
  expect(store.readSpent('day', { ...QUERY, projectId: 'nobody', invocationId: '' })).toEqual(NOTHING_SPENT);
});
