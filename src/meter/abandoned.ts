import { Pricer } from '../pricing/pricer.js';
import type { PriceBook } from '../pricing/prices.js';
import { isAlive } from '../process/alive.js';
import type { OpenInvocation } from '../store/invocations.js';
import type { Store } from '../store/store.js';
import type { Note } from '../usage/record.js';
import { SessionFollower } from './session-follower.js';

/** The invocations whose end is not recorded although neither their meter nor their Codex works. Throws a StoreError. */
export function listAbandoned(store: Store): OpenInvocation[] {
  return store
    .listOpenInvocations()
    .filter(
      ({ meterPid, codexPid, startedAtMs }) => !isAlive(meterPid, startedAtMs) && !isAlive(codexPid, startedAtMs),
    );
}

/**
 * Settles the invocations whose meter was killed before it could: what their session files count is recorded, and
 * they are marked `abandoned`. One that its meter has ended since it was listed, or that was kept aside and taken in,
 * is left as it is. Throws a StoreError.
 */
export async function settleAbandoned(
  store: Store,
  prices: PriceBook,
  abandoned: readonly OpenInvocation[],
): Promise<void> {
  const open = new Set(store.listOpenInvocations().map(({ id }) => id));
  for (const invocation of abandoned) if (open.has(invocation.id)) await settle(store, prices, invocation);
}

async function settle(store: Store, prices: PriceBook, invocation: OpenInvocation): Promise<void> {
  const { id, threadId, codexHome, cwd, startedAtMs } = invocation;
  const follower = new SessionFollower({
    codexHome,
    startedAtMs,
    cwd,
    pid: undefined,
    threads: 'one',
    onProgress: () => undefined,
  });
  if (threadId) follower.setRoot(threadId);
  await follower.finish();
  const pricer = new Pricer(prices);
  const responses = follower.files.flatMap(({ thread }) => thread.responses.map((response) => pricer.price(response)));
  const note: Note = {
    kind: 'fault',
    reason:
      follower.files.length > 0
        ? 'the meter was killed; the run was settled from its session file afterwards'
        : 'the meter was killed and no session file was found: what the run used is not known',
    figures: { responses: responses.length },
  };
  store.record({
    invocation: { id },
    update: {
      status: 'abandoned',
      threadId: follower.rootId,
      endedAtMs: Math.max(startedAtMs, ...responses.map(({ response }) => response.completedAtMs)),
    },
    responses: responses.map(({ response }) => response),
    notes: [note, ...responses.flatMap(({ notes }) => notes)],
  });
}
