import { openHistoryStore } from '../../src/store/history.js';
import { Packer } from '../../src/store/pack.js';
import type { Store } from '../../src/store/store.js';
import type { Provider } from '../../src/usage/provider.js';
import type { Change, PricedResponse } from '../../src/usage/record.js';
import type { Tag } from '../../src/usage/tags.js';
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

/** Imports a thread of Codex with `responses`, which are packed. */
export function importThread(
  { path }: Store,
  threadId: string,
  responses: readonly PricedResponse[],
  tags: readonly Tag[] = [],
): void {
  const packer = new Packer();
  for (const { costNanoUsd, price, ...response } of responses) packer.add(response, { costNanoUsd, price });
  const history = openHistoryStore(path, { busyTimeoutMs: 5000, bill: () => ({ costNanoUsd: 1, price: undefined }) });
  const provider: Provider = 'codex';
  const file = {
    ...{ path: `/${threadId}`, provider, threadId, sizeBytes: 1, modifiedAtMs: 1, readBytes: 1, state: null },
    ...{ responses: responses.length, unreadableLines: 0, problem: null },
  } as const;
  const thread = {
    ...{ id: threadId, provider, rootId: threadId, projectId: 'shop', kind: 'main', cwd: '/', tags },
    ...{ cliVersion: '0.171.0', startedAtMs: responses[0]?.completedAtMs ?? START },
  } as const;
  history.write([{ file, threads: [thread], packs: packer.take(), responses: [] }]);
  history.close();
}
