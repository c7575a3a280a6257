import { writeSync } from 'node:fs';
import type { WriteStream } from 'node:tty';
import type { Output } from './commands/host.js';

/**
 * The standard output or error stream behind `fd`, written to at once. Node's own stream, which takes 3 ms to load, is
 * opened by `open` for who asks about a terminal, and for what cannot be written at once: it waits, or tells the error.
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
    /** Nothing waits to be written. */
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
    // The reader is slow, or gone.
  }
  return left;
}
