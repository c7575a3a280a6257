import { readSync } from 'node:fs';
import { Decompress } from 'fzstd';

/** Chunks of this size stay in the cache of a processor core. Larger ones take a sixth longer. */
export const CHUNK_BYTES = 96 * 1024;
const NEWLINE = 0x0a;
const COMPRESSED_BYTES = 128 * 1024;

/** Fills `target` from `offset` on. Returns how many bytes it put there; 0 at the end. */
export type ReadInto = (target: Buffer, offset: number) => number;

/** Reads the open file `fd` from `position` on. A read that returns less than was asked for has reached the end. */
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

/** Decompresses Zstandard, a part at a time. Throws on anything else, and on what is cut. */
export function decompressing(read: ReadInto): ReadInto {
  const ready: Uint8Array[] = [];
  const decompress = new Decompress((part) => void ready.push(part));
  const compressed = Buffer.alloc(COMPRESSED_BYTES);
  let ended = false;
  const refill = () => {
    const bytesRead = read(compressed, 0);
    ended = bytesRead === 0;
    // fzstd keeps the bytes that it is given until their block is whole.
    decompress.push(Uint8Array.from(compressed.subarray(0, bytesRead)), ended);
  };
  return (target, offset) => {
    while (!ready[0]?.length && !ended) {
      if (ready[0]) ready.shift();
      else refill();
    }
    const [part] = ready;
    if (!part) return 0;
    const taken = part.subarray(0, target.length - offset);
    target.set(taken, offset);
    if (taken.length < part.length) ready[0] = part.subarray(taken.length);
    else ready.shift();
    return taken.length;
  };
}

/** A history has files by the ten thousand: a buffer for each would take longer than a small file does. */
let reused: Buffer | undefined;

/**
 * Yields what `read` gives, a chunk at a time. A chunk ends with a line, unless the line is longer than the buffer. All chunks are in
 * `buffer`, or in the one buffer that this thread has: each is valid until the next, and only one file can be read at a time.
 */
export function* readChunks(read: ReadInto, buffer?: Buffer): Generator<Buffer> {
  reused ??= Buffer.allocUnsafeSlow(CHUNK_BYTES);
  const target = buffer ?? reused;
  let held = 0;
  for (let bytesRead = read(target, 0); bytesRead > 0; bytesRead = read(target, held)) {
    const filled = held + bytesRead;
    const end = target.lastIndexOf(NEWLINE, filled - 1) + 1 || filled;
    yield target.subarray(0, end);
    target.copyWithin(0, end, filled);
    held = filled - end;
  }
  if (held > 0) yield target.subarray(0, held);
}
