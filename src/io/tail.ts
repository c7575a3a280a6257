import { fstatSync, readSync, statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { openForReading } from '../files/regular-file.js';
import type { LineSplitter } from './lines.js';

const CHUNK_BYTES = 256 * 1024;

type Lines = Pick<LineSplitter, 'push' | 'end'>;

/** A file that grows and is read from its beginning. */
export interface Tail {
  readonly path: string;
  /** Reads what was added since the last call. A call while it reads makes it read on. Rejects when the file cannot be read. */
  readMore(): Promise<void>;
  /** Waits until what is being read has been read, and closes the file. */
  close(): Promise<void>;
}

/** The reading of one file that is or was at the path, from its beginning. */
interface Reading {
  readonly handle: FileHandle;
  readonly inode: number;
  offset: number;
  lines: Lines;
}

/**
 * Follows the file at `path` and passes its bytes to the lines that `begin` opens. A file that was truncated or replaced is read
 * from its beginning into new lines. The file that was replaced is followed too: a process that has it open may still write to
 * it. The file is opened at the first reading.
 */
export function createTail(path: string, begin: () => Lines): Tail {
  let readings: Reading[] = [];
  let reading: Promise<void> | undefined;
  let askedAgain = false;

  const openNewest = async () => {
    const file = readings.length === 0 ? undefined : statOrNothing(path);
    // The file was deleted. It can still grow as long as a process has it open.
    if (readings.length > 0 && (!file || file.ino === readings.at(-1)?.inode)) return;
    const handle = await openForReading(path);
    const { ino } = fstatSync(handle.fd);
    readings.push({ handle, inode: ino, offset: 0, lines: begin() });
    for (const old of readings.slice(0, -2)) await end(old);
    readings = readings.slice(-2);
  };

  const readToEnd = async () => {
    try {
      do {
        askedAgain = false;
        await openNewest();
        for (const one of readings) await readRest(one, begin);
      } while (askedAgain);
    } finally {
      // This is reset here and not later, because a call that comes now must begin a new reading.
      reading = undefined;
    }
  };

  return {
    path,
    readMore() {
      askedAgain = true;
      reading ??= readToEnd();
      return reading;
    },
    async close() {
      await reading?.catch(() => undefined);
      for (const one of readings.splice(0)) await end(one);
    },
  };
}

function statOrNothing(path: string) {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

async function readRest(reading: Reading, begin: () => Lines): Promise<void> {
  // This is synchronous because it mostly reads one line, which the system has in memory.
  const { size } = fstatSync(reading.handle.fd);
  if (size < reading.offset) {
    reading.lines.end();
    reading.lines = begin();
    reading.offset = 0;
  }
  // Allocates no more than needed: this runs several times a second, mostly for one line or nothing.
  while (reading.offset < size) {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - reading.offset));
    const bytesRead = readSync(reading.handle.fd, buffer, 0, buffer.length, reading.offset);
    if (bytesRead === 0) return;
    reading.offset += bytesRead;
    reading.lines.push(buffer.subarray(0, bytesRead));
    // The file of a resumed thread can be large.
    if (reading.offset < size) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function end({ handle, lines }: Reading): Promise<void> {
  lines.end();
  await handle.close();
}
