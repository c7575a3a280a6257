import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { messageOf } from '../errors.js';
import { makeFolder } from '../files/folders.js';

/*
 * Folders in which a command leaves files for a later one: changes that the database did not take, and entries of the
 * mirror's queue. Whatever else lies there must hold up nobody, and nothing that lies there is deleted unread.
 */

/** `later`: it cannot be read now, or is gone. */
export type KeptFile =
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
/** Opening a FIFO must not wait for its writer, and a link leads out of the folder. Windows has neither. */
const HOW = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/** Reads a file that a command has left. Only a regular file of a bounded size is opened. Never throws. */
export function readKeptFile(path: string): KeptFile {
  let fd: number | undefined;
  try {
    const odd = describeOddity(lstatSync(path));
    if (odd) return { kind: 'bad', reason: odd };
    fd = openSync(path, HOW);
    // Another file may have taken its place.
    const changed = describeOddity(fstatSync(fd));
    return changed ? { kind: 'bad', reason: changed } : { kind: 'text', text: readFileSync(fd, 'utf8') };
  } catch (error) {
    const { code } = error as { code?: string };
    const isForbidden = code === 'EACCES' || code === 'EPERM';
    return isForbidden ? { kind: 'bad', reason: 'there is no permission to read it' } : { kind: 'later' };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function describeOddity(found: Stats): string | undefined {
  if (found.isFile()) return found.size > MOST_BYTES ? 'it is larger than anything that is kept here' : undefined;
  if (found.isDirectory()) return 'it is a folder';
  if (found.isSymbolicLink()) return 'it is a link';
  return 'it is a device, a pipe or a socket';
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
    const why = readKeptFile(path + WHY);
    return { path, reason: why.kind === 'text' ? why.text.trim() : 'it is not known why' };
  });
}

/** The files of JSON in `folder`, as paths. Never throws. */
export function listKeptFiles(folder: string): string[] {
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
