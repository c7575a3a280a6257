import { readSync } from 'node:fs';

/** Splits what a file holds into lines. Lines are without their newline. */
export interface LineTaker {
  /** What is read is put here. */
  readonly buffer: Buffer;
  /** Makes room for twice as much, and keeps what is there. */
  grow(): void;
  /** Takes the whole lines between `start` and `end`. `offset`: where in the file the buffer begins. Returns where the rest begins. */
  take(start: number, end: number, offset: number): number;
  /** Whether a line that begins at `start`, and has been read as far as `end`, can be passed over without its rest. */
  skips(start: number, end: number): boolean;
}

export interface ScanHandlers {
  /** A line longer than the limit has ended, which was dropped. */
  onOverlong(): void;
  /** A chunk has been read: `offset` is where the first line begins that has not been taken yet. */
  onChunk(offset: number): void;
}

/** Fills `target` from `offset` on; 0 at the end. */
export type ReadInto = (target: Buffer, offset: number) => number;

const NEWLINE = 0x0a;
/** How much of a line is there before `skips` is asked. */
const HEAD_BYTES = 256;
const BUFFER_BYTES = 256 * 1024;
const LIMIT_BYTES = 32 * 1024 * 1024;

/** Reads the open file `fd` from `position` on. Where less is there than was asked for, it has ended. */
export function readFrom(fd: number, position: number): ReadInto {
  let at = position;
  let hasEnded = false;
  return (target, offset) => {
    if (hasEnded) return 0;
    const wanted = target.length - offset;
    const bytesRead = readSync(fd, target, offset, wanted, at);
    at += bytesRead;
    hasEnded = bytesRead < wanted;
    return bytesRead;
  };
}

/**
 * Hands what `read` gives to `lines`, in a buffer that is used anew for each chunk. The first byte is at `startOffset`. A line of
 * no interest is never held, however long it is. Returns what stands after the last whole line, unless it can be passed
 * over; of a line that is longer than the limit so far, nothing of it. Throws what `read` throws.
 */
export function scanLines(
  lines: LineTaker,
  startOffset: number,
  read: ReadInto,
  handlers: ScanHandlers,
): Buffer | undefined {
  /** What is held of an unfinished line, at the beginning of the buffer. */
  let held = 0;
  let dropping: 'nothing' | 'silent' | 'overlong' = 'nothing';
  let position = startOffset;
  let endOffset = startOffset;
  for (;;) {
    const bytesRead = read(lines.buffer, held);
    if (bytesRead === 0) break;
    const filled = held + bytesRead;
    position += bytesRead;
    const start = dropping === 'nothing' ? 0 : findEnd(lines.buffer, filled);
    if (start > 0) {
      // Told at its end, so that it is told once of a file that is read while the line grows.
      if (dropping === 'overlong') handlers.onOverlong();
      dropping = 'nothing';
    }
    const rest = dropping === 'nothing' ? lines.take(start, filled, position - filled) : filled;
    if (rest > 0 && dropping === 'nothing') endOffset = position - (filled - rest);
    const left = filled - rest;
    if (left >= HEAD_BYTES && lines.skips(rest, filled)) dropping = 'silent';
    if (dropping === 'nothing' && left > LIMIT_BYTES) dropping = 'overlong';
    held = dropping === 'nothing' ? left : 0;
    if (held === lines.buffer.length) lines.grow();
    else if (held > 0 && rest > 0) lines.buffer.copyWithin(0, rest, filled);
    handlers.onChunk(endOffset);
  }
  if (dropping === 'overlong') return Buffer.alloc(0);
  const hasRest = held > 0 && !lines.skips(0, held);
  return hasRest ? Buffer.from(lines.buffer.subarray(0, held)) : undefined;
}

/** Where the line ends that the buffer begins in the middle of; 0 where it goes on. */
function findEnd(buffer: Buffer, filled: number): number {
  const newline = buffer.indexOf(NEWLINE);
  return newline === -1 || newline >= filled ? 0 : newline + 1;
}

/** Bytes that are read anew and anew, with room for the longest line so far. */
export class LineBuffer {
  bytes = Buffer.allocUnsafeSlow(BUFFER_BYTES);

  grow(): void {
    this.bytes = Buffer.concat([this.bytes], this.bytes.length * 2);
  }
}

/** Finds the lines between `start` and `end` of `bytes`. Returns where the rest begins. */
export function splitLines(
  bytes: Buffer,
  start: number,
  end: number,
  onLine: (bytes: Buffer, start: number, end: number) => void,
): number {
  let from = start;
  for (
    let newline = bytes.indexOf(NEWLINE, from);
    newline !== -1 && newline < end;
    newline = bytes.indexOf(NEWLINE, from)
  ) {
    if (newline > from) onLine(bytes, from, newline);
    from = newline + 1;
  }
  return from;
}

/** How many lines of the open file `fd` end before `offset`. */
export function countLines(fd: number, offset: number): number {
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  let lines = 0;
  for (let at = 0; at < offset; ) {
    const bytesRead = readSync(fd, buffer, 0, Math.min(buffer.length, offset - at), at);
    if (bytesRead === 0) break;
    const read = buffer.subarray(0, bytesRead);
    for (let newline = read.indexOf(NEWLINE); newline !== -1; newline = read.indexOf(NEWLINE, newline + 1)) lines++;
    at += bytesRead;
  }
  return lines;
}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const SPACES: readonly number[] = [0x20, 0x09, 0x0d];

/** A line without the spaces around it, the return of Windows and the mark that some programs begin a file with. */
export function trimLine(line: Buffer): Buffer {
  let start = line.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  let end = line.length;
  while (start < end && SPACES.includes(line[start] ?? 0)) start++;
  while (end > start && SPACES.includes(line[end - 1] ?? 0)) end--;
  return line.subarray(start, end);
}
