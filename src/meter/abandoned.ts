import { messageOf } from '../errors.js';
import { Pricer } from '../pricing/pricer.js';
import type { PriceBook } from '../pricing/prices.js';
import { judgeState } from '../process/invocation-state.js';
import { CANNOT_BE_SETTLED, type OpenInvocation } from '../store/invocations.js';
import { isFaultOfDatabase } from '../store/open.js';
import type { Store } from '../store/store.js';
import type { Note } from '../usage/record.js';
import { SessionFollower } from './session-follower.js';
import { describeUnreadable } from './unreadable.js';

/** Lists the invocations whose end is not recorded although their meter and their Codex have ended. Throws a StoreError. */
export function listAbandoned(store: Store): OpenInvocation[] {
  return store.listOpenInvocations().filter((one) => judgeState(one) === 'killed');
}

/** An invocation that could not be settled, with the reason. */
export interface Unsettled {
  readonly invocation: string;
  readonly reason: string;
}

/**
 * Settles invocations whose meter was killed: records what their session files count, and marks them `abandoned`. An
 * invocation whose end was recorded after it was listed is left as it is. A failure with one does not keep the others from
 * being settled: it is returned and noted, and the next command tries again. Rejects with a StoreError when the database
 * itself cannot be used.
 */
export async function settleAbandoned(
  store: Store,
  prices: PriceBook,
  abandoned: readonly OpenInvocation[],
): Promise<Unsettled[]> {
  const open = new Set(store.listOpenInvocations().map(({ id }) => id));
  const unsettled: Unsettled[] = [];
  for (const invocation of abandoned) {
    if (!open.has(invocation.id)) continue;
    try {
      await settle(store, prices, invocation);
    } catch (error) {
      if (isFaultOfDatabase(error)) throw error;
      unsettled.push({ invocation: invocation.id, reason: messageOf(error) });
      noteUnsettled(store, invocation.id, messageOf(error));
    }
  }
  return unsettled;
}

/** Notes the failure; the store keeps equal notes once. When the note cannot be recorded either, the log has the reason. */
function noteUnsettled(store: Store, id: string, reason: string): void {
  try {
    const note: Note = { kind: 'fault', reason: `${CANNOT_BE_SETTLED}: ${reason}`, figures: {} };
    store.record({ invocation: { id }, notes: [note] });
  } catch (error) {
    if (isFaultOfDatabase(error)) throw error;
  }
}

async function settle(store: Store, prices: PriceBook, invocation: OpenInvocation): Promise<void> {
  const { id, startedAtMs } = invocation;
  const { rootId, files } = await readSessionFiles(invocation);
  const pricer = new Pricer(prices);
  const responses = files.flatMap(({ thread }) => thread.responses.map((response) => pricer.price(response)));
  const note: Note = {
    kind: 'fault',
    reason:
      files.length > 0
        ? 'the meter was killed; the run was settled from its session file afterwards'
        : 'the meter was killed and no session file was found: what the run used is not known',
    figures: { responses: responses.length },
  };
  const ofFiles = files.flatMap(({ thread, unreadable, path }) => {
    return [...thread.notes, ...describeUnreadable('session file', unreadable, path)];
  });
  store.record({
    invocation: { id },
    update: {
      status: 'abandoned',
      threadId: rootId,
      endedAtMs: responses.reduce((latest, { response }) => Math.max(latest, response.completedAtMs), startedAtMs),
    },
    responses: responses.map(({ response }) => response),
    notes: [note, ...ofFiles, ...responses.flatMap(({ notes }) => notes)],
  });
}

/** Finds and reads the session files that are assigned to an invocation. */
async function readSessionFiles({ threadId, codexHome, cwd, startedAtMs }: OpenInvocation) {
  if (codexHome === null) return { rootId: threadId ?? undefined, files: [] };
  const options = { codexHome, startedAtMs, cwd, pid: undefined, onProgress: () => undefined };
  const follower = new SessionFollower({ ...options, threads: 'one' });
  if (threadId) follower.setRoot(threadId);
  await follower.finish();
  const { rootId, files } = follower;
  return { rootId, files };
}
