import { readSync } from 'node:fs';
import { openForReading } from '../files/regular-file.js';

/** The handlers for the lines of a byte stream. They are numbered from 1; unwanted and blank lines have a number too. */
export interface LineHandlers {
  /**
   * Whether a line is worth holding and decoding; by default every line is. It is asked about each whole line, and before
   * that once about a line that goes on in the next chunk, as soon as 256 bytes of it are there.
   */
  readonly wants?: (line: Buffer, number: number, isWhole: boolean) => boolean;
  /** Takes a line without its newline. Blank lines are left out. */
  readonly onLine: (line: string, number: number) => void;
  /** A line that is longer than the limit has ended. It is dropped, so that memory stays flat. */
  readonly onOverlong?: (number: number) => void;
  /** Splits the lines that begin and end in one chunk, for callers that can do it faster. */
  readonly scan?: Scan;
}

/**
 * Splits whole lines, of which the first has the number `first`. It may take lines itself, and hands on the others without their
 * newline. Returns how many lines there are.
 */
export type Scan = (lines: Buffer, first: number, handOn: (line: Buffer, number: number) => void) => number;

/** Splits and numbers lines. Nothing else does. */
export interface LineSplitter {
  /** Takes the next bytes. The chunk is the caller's again afterwards. */
  push(chunk: Buffer): void;
  /** Says that no more bytes come: the bytes after the last newline are a line too. */
  end(): void;
  /** How many bytes the lines take that have ended, with their newlines. */
  readonly endedBytes: number;
  /** Returns the bytes so far of the line that has not ended. Of a line that is unwanted or longer than the limit none are held. */
  rest(): Buffer | 'unwanted' | 'overlong';
}

const HEAD_BYTES = 256;
const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 0x0a;
const DEFAULT_LIMIT_BYTES = 32 * 1024 * 1024;

/** `isDocument`: the bytes are one single line, even if there are newlines in it. */
export function createLineSplitter(
  handlers: LineHandlers,
  { limitBytes = DEFAULT_LIMIT_BYTES, isDocument = false } = {},
): LineSplitter {
  const { wants = () => true, onLine, onOverlong, scan } = handlers;
  let held: Buffer[] = [];
  let heldBytes = 0;
  let dropping: 'unwanted' | 'overlong' | undefined;
  let number = 1;
  let pushedBytes = 0;
  let endedBytes = 0;

  const drop = (why: 'unwanted' | 'overlong') => {
    dropping = why;
    held = [];
    heldBytes = 0;
  };

  const take = (line: Buffer, at: number) => {
    if (isBlank(line) || !wants(line, at, true)) return;
    if (line.length > limitBytes) onOverlong?.(at);
    else onLine(line.toString('utf8'), at);
  };

  const finish = (tail: Buffer) => {
    const ended = number++;
    const line = held.length === 0 ? tail : Buffer.concat([...held, tail]);
    const dropped = dropping;
    held = [];
    heldBytes = 0;
    dropping = undefined;
    if (dropped === 'overlong') onOverlong?.(ended);
    else if (!dropped) take(line, ended);
  };

  const hold = (tail: Buffer) => {
    if (dropping || tail.length === 0) return;
    const wasAsked = heldBytes >= HEAD_BYTES;
    heldBytes += tail.length;
    // This is asked once for each line. To join the pieces of a long line at each chunk would take time that grows with the square of its length.
    if (!wasAsked && heldBytes >= HEAD_BYTES) {
      const line = held.length === 0 ? tail : Buffer.concat([...held, tail]);
      if (!wants(line, number, false)) return drop('unwanted');
    }
    if (heldBytes > limitBytes) drop('overlong');
    else held.push(Buffer.from(tail));
  };

  /** Returns the offset at which the complete lines end. */
  const scanFrom = (chunk: Buffer, start: number): number => {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end > start) number += scan?.(chunk.subarray(start, end), number, take) ?? 0;
    return end;
  };

  return {
    push(chunk) {
      const isAtLine = heldBytes === 0 && !dropping && !isDocument;
      let start = scan && isAtLine ? scanFrom(chunk, 0) : 0;
      if (start > 0) endedBytes = pushedBytes + start;
      const findEnd = () => (isDocument ? -1 : chunk.indexOf(NEWLINE, start));
      for (let end = findEnd(); end !== -1; end = findEnd()) {
        finish(chunk.subarray(start, end));
        start = end + 1;
        if (scan) start = scanFrom(chunk, start);
        endedBytes = pushedBytes + start;
      }
      pushedBytes += chunk.length;
      hold(chunk.subarray(start));
    },
    end() {
      finish(Buffer.alloc(0));
      endedBytes = pushedBytes;
    },
    get endedBytes() {
      return endedBytes;
    },
    rest() {
      if (dropping) return dropping;
      const line = Buffer.concat(held);
      return line.length > 0 && !wants(line, number, false) ? 'unwanted' : line;
    },
  };
}

/** Yields the lines of a file, decoded one chunk at a time. Throws what the file system throws. */
export async function* readLines(path: string): AsyncGenerator<string> {
  let ready: string[] = [];
  const splitter = createLineSplitter({ onLine: (line) => ready.push(line) });
  const file = await openForReading(path);
  for await (const chunk of file.createReadStream({ highWaterMark: CHUNK_BYTES })) {
    splitter.push(chunk as Buffer);
    yield* ready;
    ready = [];
  }
  splitter.end();
  yield* ready;
}

/** Returns how many lines of the open file `fd` end before `offset`. */
export function countLines(fd: number, offset: number): number {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, offset));
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

const SPACES: readonly number[] = [0x20, 0x09, 0x0d];

/** Whether a line has nothing but spaces and the carriage return of Windows. */
export function isBlank(line: Buffer): boolean {
  return line.every((byte) => SPACES.includes(byte));
}
