import { messageOf } from '../errors.js';
import { Pricer } from '../pricing/pricer.js';
import type { PriceBook } from '../pricing/prices.js';
import { isAlive } from '../process/alive.js';
import { CANNOT_BE_SETTLED, type OpenInvocation } from '../store/invocations.js';
import { isFaultOfDatabase } from '../store/open.js';
import type { Store } from '../store/store.js';
import type { Note } from '../usage/record.js';
import { SessionFollower } from './session-follower.js';
import { describeUnreadable } from './unreadable.js';

/** The invocations whose end is not recorded although neither their meter nor their Codex works. Throws a StoreError. */
export function listAbandoned(store: Store): OpenInvocation[] {
  return store.listOpenInvocations().filter(({ meterPid, codexPid, startedAtMs }) => {
    return ![meterPid, codexPid].some((pid) => isAlive(pid, startedAtMs));
  });
}

/** An invocation that could not be settled, and why. */
export interface Unsettled {
  readonly invocation: string;
  readonly reason: string;
}

/**
 * Settles the invocations whose meter was killed before it could: what their session files count is recorded, and
 * they are marked `abandoned`. One that its meter has ended since it was listed, or that was kept aside and taken in,
 * is left as it is. Each is settled by itself; returns those that could not be, which get a note and are tried again by
 * the next command. Rejects with a StoreError where the database itself cannot be used.
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

/** The note is kept once, however often it is tried. A database that takes not even that is told of in the log alone. */
function noteUnsettled(store: Store, id: string, reason: string): void {
  try {
    store.record({
      invocation: { id },
      notes: [{ kind: 'fault', reason: `${CANNOT_BE_SETTLED}: ${reason}`, figures: {} }],
    });
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

/** The thread of an invocation, and its session files as far as they are its own. */
async function readSessionFiles({ threadId, codexHome, cwd, startedAtMs }: OpenInvocation) {
  if (codexHome === null) return { rootId: threadId ?? undefined, files: [] };
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
  const { rootId, files } = follower;
  return { rootId, files };
}
