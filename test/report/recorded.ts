import type { Store } from '../../src/store/store.js';
import type { Change } from '../../src/usage/record.js';
import { createStore, START, sampleInvocation } from '../store/samples.js';

interface Recorded extends Omit<Change, 'invocation'> {
  /** What its invocation differs in from a sample. */
  readonly as?: Parameters<typeof sampleInvocation>[1];
}

/** A store with an invocation for each of `recorded`, which begin one millisecond after the other. */
export function storeOf(...recorded: readonly Recorded[]): Store {
  const store = createStore();
  for (const [index, { as, ...change }] of recorded.entries()) {
    store.record({ invocation: sampleInvocation(`i${index}`, { startedAtMs: START + index, ...as }), ...change });
  }
  return store;
}
