import { Decompress } from 'fzstd';
import type { ReadInto } from './scan.js';

const COMPRESSED_BYTES = 128 * 1024;

/** Decompresses what `read` gives, a part at a time. Throws on what is not Zstandard, or is cut. */
export function decompressing(read: ReadInto): ReadInto {
  const ready: Uint8Array[] = [];
  const decompress = new Decompress((part) => void ready.push(part));
  const compressed = Buffer.alloc(COMPRESSED_BYTES);
  let ended = false;
  const refill = () => {
    const bytesRead = read(compressed, 0);
    ended = bytesRead === 0;
    // What is handed over is kept until its block is whole.
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
