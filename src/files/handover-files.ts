import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../errors.js';
import { makeFolder } from './folders.js';
import { readRegularFile, UnsuitableFileError } from './regular-file.js';

/*
 * Folders in which a command leaves files for a later command: pending changes that the database did not take, and entries
 * of the mirror's queue. Anything else that lies there must not block a command, and nothing is deleted before it was read.
 */

/** The text of such a file. `bad`: it will never be readable; `later`: it cannot be read now, or is gone. */
export type HandoverFile =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bad'; readonly reason: string }
  | { readonly kind: 'later' };

/** A file that was set aside: where it lies now, and why. */
export interface SetAside {
  readonly path: string;
  readonly reason: string;
}

/** More than any run writes: a hundred thousand responses take half of it. */
const MOST_BYTES = 128 * 1024 * 1024;
const REFUSED = 'refused';
const WHY = '.why';
/** Reads a file that a command has left. Only a regular file of a bounded size is opened, and no link followed. Never throws. */
export function readHandoverFile(path: string): HandoverFile {
  try {
    return { kind: 'text', text: readRegularFile(path, MOST_BYTES, 'refuse links').toString('utf8') };
  } catch (error) {
    if (error instanceof UnsuitableFileError) return { kind: 'bad', reason: error.message };
    const { code } = error as { code?: string };
    const isForbidden = code === 'EACCES' || code === 'EPERM';
    return isForbidden ? { kind: 'bad', reason: 'there is no permission to read it' } : { kind: 'later' };
  }
}

/**
 * Moves a file of no use into the folder `refused` beside it, where it is not tried again, and writes down why. Returns
 * where it lies now: still at `path` where it cannot be moved, which holds up nobody either. Never throws.
 */
export function setAside(path: string, reason: string): SetAside {
  const folder = join(dirname(path), REFUSED);
  try {
    makeFolder(folder);
    const target = findFreeName(join(folder, basename(path)));
    renameSync(path, target);
    writeFileSync(target + WHY, `${reason}\n`, { mode: 0o600 });
    return { path: target, reason };
  } catch (error) {
    return { path, reason: `${reason}; it could not be moved: ${messageOf(error)}` };
  }
}

function findFreeName(path: string): string {
  let free = path;
  for (let number = 2; existsSync(free); number++) free = `${path}.${number}`;
  return free;
}

/** What has been set aside beside the files in `folder`, and why. Never throws. */
export function listSetAside(folder: string): SetAside[] {
  const names = listNames(join(folder, REFUSED)).filter((name) => !name.endsWith(WHY));
  return names.sort().map((name) => {
    const path = join(folder, REFUSED, name);
    const why = readHandoverFile(path + WHY);
    return { path, reason: why.kind === 'text' ? why.text.trim() : 'it is not known why' };
  });
}

/** The files of JSON in `folder`, as paths. Never throws. */
export function listHandoverFiles(folder: string): string[] {
  return listNames(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(folder, name));
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
