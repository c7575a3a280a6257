import { rmSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { messageOf } from '../errors.js';
import { readHandoverFile, type SetAside, setAside } from '../files/handover-files.js';
import type { Change } from '../usage/record.js';
import { isFaultOfDatabase } from './open.js';
import { listPending, type PendingPlaces } from './pending.js';
import type { Store } from './store.js';

/** Parses a pending change, or returns why it is none. Must not throw. */
export type ParseChange = (
  json: string,
) => { readonly kind: 'change'; readonly change: Change } | { readonly kind: 'bad'; readonly reason: string };

export interface TakenIn {
  readonly taken: number;
  /** Files that could not be recorded, now or ever. They are set aside, and are not tried again. */
  readonly refused: readonly SetAside[];
}

/**
 * Records what was kept aside, oldest first and each by itself: one that is no change, that another version wrote or that
 * the database does not take is set aside, and holds up none of the others. Rejects with a StoreError where the database
 * itself cannot be used: what is left stays for a later command.
 * The first is recorded before this returns: a run that follows another comes after it in the record. Without `parse`, which its caller
 * loads when something is pending, nothing is taken in.
 */
export async function takeInPending(
  places: PendingPlaces,
  store: Store,
  parse: ParseChange | undefined,
): Promise<TakenIn> {
  const refused: SetAside[] = [];
  let taken = 0;
  if (!parse) return { taken, refused };
  for (const path of listPending(places)) {
    const outcome = takeIn(path, store, parse);
    if (outcome === 'taken') taken++;
    else if (outcome !== 'later') refused.push(outcome);
    // Where a run is metered, Codex's output passes through this thread.
    await setImmediate();
  }
  return { taken, refused };
}

function takeIn(path: string, store: Store, parse: ParseChange): 'taken' | 'later' | SetAside {
  const file = readHandoverFile(path);
  if (file.kind === 'later') return 'later';
  if (file.kind === 'bad') return setAside(path, file.reason);
  const entry = parse(file.text);
  if (entry.kind === 'bad') return setAside(path, entry.reason);
  try {
    store.record(entry.change);
  } catch (error) {
    if (isFaultOfDatabase(error)) throw error;
    return setAside(path, messageOf(error));
  }
  remove(path);
  return 'taken';
}

/** Where it cannot be removed it is recorded again by the next command, which changes nothing. */
function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The folder may be read-only by now.
  }
}
