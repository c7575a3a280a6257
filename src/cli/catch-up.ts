import type { Paths } from '../config/paths.js';
import { listMirrorSettings, listPrices, type Settings } from '../config/settings.js';
import { messageOf } from '../errors.js';
import type { Log } from '../log.js';
import { listAbandoned, settleAbandoned } from '../meter/abandoned.js';
import { createPriceBook, type PriceBook } from '../pricing/prices.js';
import type { Mirror } from '../store/mirror.js';
import type { PendingPlaces } from '../store/pending.js';
import { type ParseChange, takeInPending } from '../store/pending-intake.js';
import type { Store } from '../store/store.js';
import { withMirror } from './commands/mirroring.js';

export interface CatchUpOptions {
  readonly store: Store;
  readonly pending: PendingPlaces;
  /** Given the store already. */
  readonly mirror: Mirror;
  readonly prices: PriceBook;
  readonly log: Log;
}

/**
 * Takes in what is pending and settles the runs that killed meters left: each entry and each run by itself, so that a bad one
 * does not keep the others from it. When the database itself cannot be used, the next command tries again. Never rejects.
 */
export async function catchUp({ store, pending, mirror, prices, log }: CatchUpOptions): Promise<void> {
  try {
    // In this order: a meter that has ended by now has written all that it could, to the database or as pending.
    const abandoned = listAbandoned(store);
    const { refused } = await takeInPending(pending, store, loadPendingParser);
    for (const { path, reason } of refused) {
      log.warn('A record that was kept aside cannot be recorded; it is set aside.', { path, reason });
    }
    for (const { invocation, reason } of await settleAbandoned(store, prices, abandoned)) {
      log.warn('A run whose meter was killed cannot be settled; it is tried again.', { invocation, reason });
    }
  } catch (error) {
    log.warn('What earlier runs left could not be recorded; it is tried again.', { reason: messageOf(error) });
  }
  mirror.catchUp();
}

/** Loads the parser that `takeInPending` needs. */
export async function loadPendingParser(): Promise<ParseChange> {
  const { parsePendingChange } = await import('../formats/pending-change.js');
  return parsePendingChange;
}

/** The same where no run is metered: with a log and a mirror of its own. */
export function catchUpAlone(store: Store, paths: Paths, settings: Settings): Promise<void> {
  const prices = createPriceBook({ user: listPrices(settings) });
  return withMirror({ ...paths, ...listMirrorSettings(settings) }, (mirror, log) => {
    // What is taken in stands in the queue already, for the table that its run named.
    mirror.watch(store);
    return catchUp({ store, pending: paths, mirror, prices, log });
  });
}
