import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Change, Store } from './store.js';

const VERSION = 1;

/** Where changes are kept. */
export interface PendingPlaces {
  readonly pendingDirectory: string;
  /** Used when the first cannot be written. It lies where every user may write: one that is not ours is left alone. */
  readonly spareDirectory: string;
}

/** Keeps `change` in a file of the user's alone, until a database takes it. Throws when neither folder can be written. */
export function keepPending({ pendingDirectory, spareDirectory }: PendingPlaces, change: Change): void {
  try {
    keepIn(pendingDirectory, change);
  } catch (error) {
    mkdirSync(spareDirectory, { recursive: true, mode: 0o700 });
    if (!isOurs(spareDirectory)) throw error;
    keepIn(spareDirectory, change);
  }
}

function keepIn(folder: string, change: Change): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${change.invocation.id}-${Date.now()}.json`);
  try {
    writeFileSync(`${path}.tmp`, JSON.stringify({ version: VERSION, change }), { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  } catch (error) {
    rmSync(`${path}.tmp`, { force: true });
    throw error;
  }
}

export interface TakenIn {
  readonly taken: number;
  /** Files that hold no change that this version can read. They stay where they are. */
  readonly refused: readonly string[];
}

/** Records what was kept aside, oldest first. Throws a StoreError when the store does not take it: the rest stays. */
export function takeInPending(places: PendingPlaces, store: Store): TakenIn {
  const refused: string[] = [];
  let taken = 0;
  for (const path of listPending(places)) {
    const change = readPending(path);
    if (!change) {
      refused.push(path);
      continue;
    }
    store.record(change);
    rmSync(path, { force: true });
    taken++;
  }
  return { taken, refused };
}

/** The files of the changes that are kept aside, oldest first. */
export function listPending({ pendingDirectory, spareDirectory }: PendingPlaces): string[] {
  return [...listIn(pendingDirectory), ...(isOurs(spareDirectory) ? listIn(spareDirectory) : [])];
}

function listIn(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
    return names.sort().map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function readPending(path: string): Change | undefined {
  try {
    const { version, change } = JSON.parse(readFileSync(path, 'utf8')) as { version: number; change: Change };
    return version === VERSION && typeof change?.invocation?.id === 'string' ? change : undefined;
  } catch {
    return undefined;
  }
}

/** Whether `folder` is there and belongs to the user who runs us. */
function isOurs(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return found?.isDirectory() === true && (process.getuid === undefined || found.uid === process.getuid());
}
