import { messageOf, UsageError } from '../errors.js';
import { writeReplacing } from './regular-file.js';

/**
 * Replaces a file that the user has named, so that its mode is what the umask leaves of 0666. Returns what `write` returns. Throws a
 * UsageError where the file cannot be written, and what `write` throws otherwise.
 */
export function replaceNamedFile<T>(path: string, write: (put: (text: string) => void) => T): T {
  try {
    return writeReplacing(path, write);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new UsageError(`${path} cannot be written: ${messageOf(error)}`);
  }
}
