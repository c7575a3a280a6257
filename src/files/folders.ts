import { lstatSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Only this user may read the folders that are made. */
const PRIVATE = 0o700;

/**
 * Makes a folder, and those above it that are missing. Node's own `mkdirSync` with `recursive` tries for ever where the file
 * system answers ENOENT to everything, as /proc does and some network mounts do. Throws what the file system throws.
 */
export function makeFolder(path: string): void {
  if (isMade(path)) return;
  const above = dirname(path);
  if (above === path) return;
  makeFolder(above);
  mkdirUnlessThere(path);
}

/** Whether `folder` is there and belongs to the user who runs us. False where nobody may look. */
export function isOwnFolder(folder: string): boolean {
  try {
    const found = lstatSync(folder);
    return found.isDirectory() && (process.getuid === undefined || found.uid === process.getuid());
  } catch {
    return false;
  }
}

/** False when a folder above it is missing. */
function isMade(path: string): boolean {
  try {
    mkdirUnlessThere(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(path) !== path) return false;
    throw error;
  }
}

function mkdirUnlessThere(path: string): void {
  try {
    mkdirSync(path, { mode: PRIVATE });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** A folder that has been deleted has no name any more; Codex may work all the same, with `--cd` or without any. */
export function readCwd(): string {
  try {
    return process.cwd();
  } catch {
    return process.env.PWD || '/';
  }
}
