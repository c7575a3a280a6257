import { readSync } from 'node:fs';

/** What is done with the lines of a file that is read as bytes. Lines are without their newline. */
export interface ScanHandlers {
  /** Whether a line that begins at `start`, and has been read as far as `end`, can be passed over without its rest. */
  skips(bytes: Buffer, start: number, end: number): boolean;
  onLine(bytes: Buffer, start: number, end: number): void;
  /** A line longer than the limit, which is dropped. */
  onOverlong(): void;
  /** A chunk has been read: `offset` is where the first line begins that has not been handed over yet. */
  onChunk(offset: number): void;
}

/** Fills `target` from `offset` on; 0 at the end. */
export type ReadInto = (target: Buffer, offset: number) => number;

export interface Scanned {
  /** Where the last whole line ends. */
  readonly endOffset: number;
  /** What stands after it, unless it can be passed over. */
  readonly rest: Buffer | undefined;
}

const NEWLINE = 0x0a;
/** How much of a line is there before `skips` is asked. */
const HEAD_BYTES = 256;
const LIMIT_BYTES = 32 * 1024 * 1024;

/** Reads the open file `fd` from `position` on. */
export function readFrom(fd: number, position: number): ReadInto {
  let at = position;
  return (target, offset) => {
    const bytesRead = readSync(fd, target, offset, target.length - offset, at);
    at += bytesRead;
    return bytesRead;
  };
}

/**
 * Splits what `read` gives into lines without decoding them, in `buffer`, which is used anew for each chunk. The first
 * byte is at `startOffset`. A line of no interest is never held, however long it is. Throws what `read` throws.
 */
export function scanLines(buffer: Buffer, startOffset: number, read: ReadInto, handlers: ScanHandlers): Scanned {
  let bytes = buffer;
  /** What is held of an unfinished line, at the beginning of `bytes`. */
  let held = 0;
  let dropping = false;
  let position = startOffset;
  let endOffset = startOffset;
  for (;;) {
    const bytesRead = read(bytes, held);
    if (bytesRead === 0) break;
    const filled = held + bytesRead;
    position += bytesRead;
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE, held); end !== -1 && end < filled; end = bytes.indexOf(NEWLINE, start)) {
      if (dropping) dropping = false;
      else if (end > start) handlers.onLine(bytes, start, end);
      start = end + 1;
    }
    if (start > 0) endOffset = position - (filled - start);
    const left = filled - start;
    if (!dropping && left >= HEAD_BYTES && handlers.skips(bytes, start, filled)) dropping = true;
    if (!dropping && left > LIMIT_BYTES) {
      handlers.onOverlong();
      dropping = true;
    }
    held = dropping ? 0 : left;
    if (held === bytes.length) bytes = Buffer.concat([bytes], bytes.length * 2);
    else if (held > 0 && start > 0) bytes.copyWithin(0, start, filled);
    handlers.onChunk(endOffset);
  }
  const hasRest = held > 0 && !handlers.skips(bytes, 0, held);
  return { endOffset, rest: hasRest ? Buffer.from(bytes.subarray(0, held)) : undefined };
}
