import type { Paths } from '../config/paths.js';
import { listPrices, type Settings } from '../config/settings.js';
import { messageOf } from '../errors.js';
import type { Log } from '../log.js';
import { listAbandoned, settleAbandoned } from '../meter/abandoned.js';
import { createPriceBook, type PriceBook } from '../pricing/prices.js';
import type { Mirror } from '../store/mirror.js';
import { type PendingPlaces, takeInPending } from '../store/pending.js';
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

/** Brings the record up to date with what earlier runs could not write or settle themselves. Never rejects. */
export async function catchUp({ store, pending, mirror, prices, log }: CatchUpOptions): Promise<void> {
  try {
    // In this order: a meter that is dead by now has written all that it could, in the database or aside.
    const abandoned = listAbandoned(store);
    const { refused } = takeInPending(pending, store);
    for (const path of refused)
      log.warn('A record that was kept aside cannot be read; it stays where it is.', { path });
    await settleAbandoned(store, prices, abandoned);
    mirror.catchUp();
  } catch (error) {
    log.warn('What earlier runs left could not be recorded; it is tried again.', { reason: messageOf(error) });
  }
}

/** The same where no run is metered: with a log and a mirror of its own. */
export function catchUpAlone(store: Store, paths: Paths, settings: Settings): Promise<void> {
  const prices = createPriceBook({ user: listPrices(settings) });
  return withMirror({ ...paths, costRecords: undefined }, (mirror, log) => {
    return catchUp({ store: mirror.watch(store), pending: paths, mirror, prices, log });
  });
}
