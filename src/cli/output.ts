import { writeSync } from 'node:fs';
import type { WriteStream } from 'node:tty';
import type { Output } from './commands/host.js';

/**
 * Writes to the standard stream `fd` synchronously. Node's stream, which takes 3 ms to load, is opened by `open` only when a
 * caller asks about the terminal, or when something cannot be written at once: the stream then waits, or emits the error.
 */
export function openOutput(fd: number, open: () => WriteStream): Output & { readonly isWritten: boolean } {
  let stream: WriteStream | undefined;
  const opened = () => {
    stream ??= open();
    return stream;
  };
  return {
    write(text) {
      const left = stream ? text : writeAtOnce(fd, Buffer.from(text));
      return left.length === 0 || opened().write(left);
    },
    /** False while the stream still has something to write. */
    get isWritten() {
      return !stream || stream.writableLength === 0;
    },
    get isTTY() {
      return opened().isTTY;
    },
    get columns() {
      return opened().columns;
    },
    hasColors: (count, env) => opened().hasColors?.(count, env) ?? false,
  };
}

/** Returns what could not be written. */
function writeAtOnce(fd: number, data: Buffer): Buffer {
  let left = data;
  try {
    while (left.length > 0) left = left.subarray(writeSync(fd, left));
  } catch {
    // The reader is slow (EAGAIN) or gone (EPIPE): the stream deals with both.
  }
  return left;
}
