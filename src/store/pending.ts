import { lstatSync } from 'node:fs';
import { basename, join } from 'node:path';
import { isOwnFolder, makeFolder } from '../files/folders.js';
import { listHandoverFiles, listSetAside, type SetAside } from '../files/handover-files.js';
import { replaceFile } from '../files/regular-file.js';
import { CHANGE_VERSION, type Change } from '../usage/record.js';

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
    makeFolder(spareDirectory);
    if (!isOwnFolder(spareDirectory)) throw error;
    keepIn(spareDirectory, change);
  }
}

function keepIn(folder: string, change: Change): void {
  makeFolder(folder);
  const path = join(folder, `${change.invocation.id}-${Date.now()}.json`);
  replaceFile(path, JSON.stringify({ version: CHANGE_VERSION, change }), 0o600);
}

/** The files of the changes that are kept aside, oldest first. What was set aside is not among them. */
export function listPending(places: PendingPlaces): string[] {
  const paths = foldersOf(places).flatMap(listHandoverFiles);
  if (paths.length < 2) return paths;
  const aged = paths.map((path) => ({ path, keptAtMs: readAge(path) }));
  return aged.sort((a, b) => a.keptAtMs - b.keptAtMs).map(({ path }) => path);
}

/** Lists the ids of the invocations that have pending changes. */
export function listPendingInvocations(places: PendingPlaces): Set<string> {
  return new Set(listPending(places).flatMap((path) => /^(.+)-\d{10,16}\.json$/.exec(basename(path))?.[1] ?? []));
}

/** Changes that cannot be recorded, and why: they are not tried again. */
export function listRefusedPending(places: PendingPlaces): SetAside[] {
  return foldersOf(places).flatMap(listSetAside);
}

function foldersOf({ pendingDirectory, spareDirectory }: PendingPlaces): string[] {
  return [pendingDirectory, ...(isOwnFolder(spareDirectory) ? [spareDirectory] : [])];
}

/** When a file was kept: its name says it (epoch milliseconds), or else the file system. */
function readAge(path: string): number {
  const written = Number(/-(\d{10,16})\.json$/.exec(path)?.[1]);
  if (!Number.isNaN(written)) return written;
  try {
    return lstatSync(path).mtimeMs;
  } catch {
    return 0;
  }
}
