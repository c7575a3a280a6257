import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { LineSplitter } from './lines.js';

const CHUNK_BYTES = 256 * 1024;
/** Opens for reading; a pipe that nobody writes to must not hold up who finds it among session files. */
export const WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

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
  lines: LineSplitter;
}

/**
 * Follows `path`; what it holds goes to the lines that `begin` opens. Where the file is cut off, or another has taken
 * its place, that one is read from its beginning into new lines, and the one before on too: whoever holds it open may
 * still write to it. The file is opened at the first reading.
 */
export function createTail(path: string, begin: () => LineSplitter): Tail {
  let readings: Reading[] = [];
  let reading: Promise<void> | undefined;
  let askedAgain = false;

  const openNewest = async () => {
    const file = readings.length === 0 ? undefined : await stat(path).catch(() => undefined);
    // Deleted: what was opened can still grow.
    if (readings.length > 0 && (!file || file.ino === readings.at(-1)?.inode)) return;
    const handle = await open(path, WITHOUT_WAITING);
    const opened = await handle.stat();
    if (!opened.isFile()) {
      await handle.close();
      throw new Error('it is no file');
    }
    const { ino } = opened;
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

async function readRest(reading: Reading, begin: () => LineSplitter): Promise<void> {
  const { size } = await reading.handle.stat();
  if (size < reading.offset) {
    reading.lines.end();
    reading.lines = begin();
    reading.offset = 0;
  }
  for (;;) {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    const { bytesRead } = await reading.handle.read(buffer, 0, CHUNK_BYTES, reading.offset);
    if (bytesRead === 0) return;
    reading.offset += bytesRead;
    reading.lines.push(buffer.subarray(0, bytesRead));
  }
}

async function end({ handle, lines }: Reading): Promise<void> {
  lines.end();
  await handle.close();
}
