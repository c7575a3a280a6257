import type { Paths } from '../config/paths.js';
import { listMirrorSettings, listPrices, type Settings } from '../config/settings.js';
import { messageOf } from '../errors.js';
import type { Log } from '../log.js';
import { listAbandoned, settleAbandoned } from '../meter/abandoned.js';
import { createPriceBook, type PriceBook } from '../pricing/prices.js';
import type { Mirror } from '../store/mirror.js';
import { listPending, type PendingPlaces } from '../store/pending.js';
import { type ParseChange, takeInPending } from '../store/pending-intake.js';
import type { Store } from '../store/store.js';
import { withMirror } from './commands/mirroring.js';

export interface CatchUpOptions {
  readonly store: Store;
  readonly pending: PendingPlaces;
  /** From `loadPendingParser`. */
  readonly parse: ParseChange | undefined;
  /** Given the store already. */
  readonly mirror: Mirror;
  readonly prices: PriceBook;
  readonly log: Log;
}

/**
 * Takes in what is pending and settles the runs that killed meters left: each entry and each run by itself, so that a bad one
 * does not keep the others from it. When the database itself cannot be used, the next command tries again. Never rejects.
 */
export async function catchUp({ store, pending, parse, mirror, prices, log }: CatchUpOptions): Promise<void> {
  try {
    // In this order: a meter that has ended by now has written all that it could, to the database or as pending.
    const abandoned = listAbandoned(store);
    const { refused } = await takeInPending(pending, store, parse);
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

/** Loads the parser that `takeInPending` needs, where something is pending: that takes as long as opening the database. */
export async function loadPendingParser(places: PendingPlaces): Promise<ParseChange | undefined> {
  if (listPending(places).length === 0) return undefined;
  const { parsePendingChange } = await import('../formats/pending-change.js');
  return parsePendingChange;
}

/** The same where no run is metered: with a log and a mirror of its own. */
export async function catchUpAlone(store: Store, paths: Paths, settings: Settings): Promise<void> {
  const parse = await loadPendingParser(paths);
  const prices = createPriceBook({ user: listPrices(settings) });
  return withMirror({ ...paths, ...listMirrorSettings(settings) }, (mirror, log) => {
    // What is taken in stands in the queue already, for the table that its run named.
    mirror.watch(store);
    return catchUp({ store, pending: paths, parse, mirror, prices, log });
  });
}
