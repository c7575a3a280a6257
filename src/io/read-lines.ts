import { openForReading } from '../files/regular-file.js';
import { createLineSplitter } from './lines.js';

/** The lines of a file, decoded one chunk at a time. Throws what the file system throws. */
export async function* readLines(path: string): AsyncGenerator<string> {
  let ready: string[] = [];
  const splitter = createLineSplitter({ onLine: (line) => ready.push(line) });
  const file = await openForReading(path);
  for await (const chunk of file.createReadStream({ highWaterMark: 256 * 1024 })) {
    splitter.push(chunk as Buffer);
    yield* ready;
    ready = [];
  }
  splitter.end();
  yield* ready;
}
