import { fstatSync, readSync, statSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { openForReading } from '../files/regular-file.js';
import type { LineSplitter } from './lines.js';

const CHUNK_BYTES = 256 * 1024;

type Lines = Pick<LineSplitter, 'push' | 'end'>;

/** A file that grows, read from its beginning. */
export interface Tail {
  readonly path: string;
  /** Reads what has been added since the last call. A call during a reading prolongs it. Rejects when the file cannot be read. */
  readMore(): Promise<void>;
  /** Ends what is being read and lets go of the file. */
  close(): Promise<void>;
}

/** One file that has stood at the path, from one beginning. */
interface Reading {
  readonly handle: FileHandle;
  readonly inode: number;
  offset: number;
  lines: Lines;
}

/**
 * Follows `path`; what it holds goes to the lines that `begin` opens. Where the file is cut off, or another has taken
 * its place, that one is read from its beginning into new lines, and the one before on too: whoever holds it open may
 * still write to it. The file is opened at the first reading.
 */
export function createTail(path: string, begin: () => Lines): Tail {
  let readings: Reading[] = [];
  let reading: Promise<void> | undefined;
  let askedAgain = false;

  const openNewest = async () => {
    const file = readings.length === 0 ? undefined : lookAt(path);
    // Deleted: what was opened can still grow.
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
      // Here, not later: nobody may join a reading that has had its last look.
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

function lookAt(path: string) {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

async function readRest(reading: Reading, begin: () => Lines): Promise<void> {
  // Without Node's threads: what comes is mostly one line, which the system has in memory.
  const { size } = fstatSync(reading.handle.fd);
  if (size < reading.offset) {
    reading.lines.end();
    reading.lines = begin();
    reading.offset = 0;
  }
  // Mostly nothing or a line has come: what is not needed is not allocated, several times a second.
  while (reading.offset < size) {
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - reading.offset));
    const bytesRead = readSync(reading.handle.fd, buffer, 0, buffer.length, reading.offset);
    if (bytesRead === 0) return;
    reading.offset += bytesRead;
    reading.lines.push(buffer.subarray(0, bytesRead));
    // Of a thread that is resumed there may be much.
    if (reading.offset < size) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function end({ handle, lines }: Reading): Promise<void> {
  lines.end();
  await handle.close();
}
