import { messageOf } from '../errors.js';
import type { Log } from '../log.js';
import { listAbandoned, settleAbandoned } from '../meter/abandoned.js';
import type { PriceBook } from '../pricing/prices.js';
import type { Mirror } from '../store/mirror.js';
import { type PendingPlaces, takeInPending } from '../store/pending.js';
import type { Store } from '../store/store.js';

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
