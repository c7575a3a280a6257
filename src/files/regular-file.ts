import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { messageOf, UsageError } from '../errors.js';

/** What stands at a path is not a regular file, or is larger than anything that belongs there. */
export class UnsuitableFileError extends Error {
  override readonly name = 'UnsuitableFileError';
}

/** Flags with which opening never waits, should a pipe or a terminal have taken the file's place since it was inspected. */
const AT_ONCE = constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Opens a regular file and returns its descriptor. Anything else at the path is not even opened: a named pipe would block
 * until somebody writes to it, and reading a device may never end. `flags` are those of open(2); with O_NOFOLLOW among them
 * a link is refused too. Throws an UnsuitableFileError that says what was found instead, and what the file system throws.
 */
export function openRegularFile(path: string, flags: number = constants.O_RDONLY, mode?: number): number {
  const inspect = flags & constants.O_NOFOLLOW ? lstatSync : statSync;
  const found = inspect(path, { throwIfNoEntry: false });
  if (found) expectRegular(found);
  const fd = openSync(path, flags | AT_ONCE, mode);
  try {
    expectRegular(fstatSync(fd));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Whether there is a regular file at a path; false where there is nothing. Throws an UnsuitableFileError for anything else. */
export function isRegularFile(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found) expectRegular(found);
  return found !== undefined;
}

/** Opens a regular file for reading, without holding up the event loop. Throws as `openRegularFile` does. */
export async function openForReading(path: string): Promise<FileHandle> {
  expectRegular(await stat(path));
  const handle = await open(path, constants.O_RDONLY | AT_ONCE);
  try {
    expectRegular(await handle.stat());
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * Reads a regular file, with `links` also through symbolic links. Throws an UnsuitableFileError too when there are more than
 * `limitBytes`.
 */
export function readRegularFile(
  path: string,
  limitBytes: number,
  links: 'follow links' | 'refuse links' = 'follow links',
): Buffer {
  const fd = openRegularFile(path, constants.O_RDONLY | (links === 'refuse links' ? constants.O_NOFOLLOW : 0));
  try {
    const chunks: Buffer[] = [];
    for (let bytes = 0; ; ) {
      const chunk = Buffer.allocUnsafe(Math.min(Math.max(fstatSync(fd).size - bytes, 0) + 4096, limitBytes + 1));
      const bytesRead = readSync(fd, chunk, 0, chunk.length, null);
      if (bytesRead === 0) return Buffer.concat(chunks);
      bytes += bytesRead;
      if (bytes > limitBytes) throw new UnsuitableFileError(`it is larger than ${limitBytes} bytes`);
      chunks.push(chunk.subarray(0, bytesRead));
    }
  } finally {
    closeSync(fd);
  }
}

/** Reads a file with a secret in it. Throws an UnsuitableFileError also where others than its owner may read it. */
export function readPrivateFile(path: string, limitBytes: number): Buffer {
  // Windows has no such modes.
  const others = process.platform === 'win32' ? 0 : statSync(path).mode & 0o077;
  if (others !== 0) throw new UnsuitableFileError('others than its owner may read it (chmod 600)');
  return readRegularFile(path, limitBytes);
}

/**
 * Puts a file at the path with what `write` puts into it, piece by piece, and returns what `write` returns. Whoever reads there
 * meanwhile sees what stood there before, or all of it. Throws what the file system and `write` throw, and leaves no draft behind.
 */
function writeReplacing<T>(path: string, write: (put: (piece: string | Uint8Array) => void) => T, mode = 0o666): T {
  const draft = `${path}.${process.pid}.tmp`;
  try {
    // Not what stands there already, which may be a pipe or a link that somebody else has put there.
    rmSync(draft, { force: true });
    const result = writeFile(draft, mode, write);
    renameSync(draft, path);
    return result;
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

function writeFile<T>(path: string, mode: number, write: (put: (piece: string | Uint8Array) => void) => T): T {
  const fd = openSync(path, 'wx', mode);
  try {
    return write((piece) => writeFileSync(fd, piece));
  } finally {
    closeSync(fd);
  }
}

/** Puts a file with `content` at the path, as `writeReplacing` does. */
export function replaceFile(path: string, content: string | Uint8Array, mode?: number): void {
  writeReplacing(path, (put) => put(content), mode);
}

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

function expectRegular(found: Stats): void {
  if (!found.isFile()) throw new UnsuitableFileError(`it is ${nameKind(found)}, not a file`);
}

function nameKind(found: Stats): string {
  if (found.isDirectory()) return 'a folder';
  if (found.isSymbolicLink()) return 'a link';
  if (found.isFIFO()) return 'a named pipe';
  return found.isSocket() ? 'a socket' : 'a device';
}
