import { type FileHandle, open } from 'node:fs/promises';

const CHUNK_BYTES = 256 * 1024;

/** A file that grows, read from its beginning. */
export interface Tail {
  readonly path: string;
  /** Reads what has been added since the last call. A call during a reading prolongs it. Rejects when the file cannot be read. */
  readMore(): Promise<void>;
  close(): Promise<void>;
}

/** Follows `path`; each chunk goes to `onChunk` in order. The file is opened at the first reading. */
export function createTail(path: string, onChunk: (chunk: Buffer) => void): Tail {
  let handle: FileHandle | undefined;
  let offset = 0;
  let reading: Promise<void> | undefined;
  let askedAgain = false;

  const readToEnd = async () => {
    try {
      handle ??= await open(path, 'r');
      do {
        askedAgain = false;
        let bytesRead: number;
        do {
          const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
          ({ bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, offset));
          offset += bytesRead;
          if (bytesRead > 0) onChunk(buffer.subarray(0, bytesRead));
        } while (bytesRead > 0);
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
      await handle?.close();
    },
  };
}
