import { closeSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { messageOf, UsageError } from '../errors.js';

/**
 * Writes a temporary file beside `path` and renames it, so that whoever reads `path` gets the old file or the new one, each
 * whole. The user has named the file, so its mode is what the umask leaves of 0666. Returns what `write` returns. Throws a
 * UsageError where it cannot be written.
 */
export function replaceFile<T>(path: string, write: (put: (text: string) => void) => T): T {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = explaining(path, () => openSync(temporary, 'wx'));
  try {
    const result = write((text) => explaining(path, () => writeFileSync(file, text)));
    explaining(path, () => renameSync(temporary, path));
    return result;
  } finally {
    closeSync(file);
    rmSync(temporary, { force: true });
  }
}

function explaining<T>(path: string, operate: () => T): T {
  try {
    return operate();
  } catch (error) {
    throw new UsageError(`${path} cannot be written: ${messageOf(error)}`);
  }
}
