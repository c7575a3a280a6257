/**
 * What the threads of one import share: which file comes next, who may write, and how far they are. SQLite takes one
 * writer at a time and makes the others wait by sleeping; here they are woken.
 */
export interface Turnstile {
  /** The index of the next file to read. */
  next(): number;
  /** Runs `write` while no other thread does. */
  alone<T>(write: () => T): T;
  addProgress(progress: Progress): void;
}

export interface Progress {
  readonly bytes: number;
  readonly files: number;
}

/** Words: next file, lock, files done; then the bytes done, as a 64 bit integer. */
const BYTES = 24;
const NEXT = 0;
const LOCK = 1;
const FILES = 2;
const BYTES_DONE = 2;

export function createTurnstileMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(BYTES);
}

export function readProgress(memory: SharedArrayBuffer): Progress {
  return {
    bytes: Number(Atomics.load(new BigInt64Array(memory), BYTES_DONE)),
    files: Atomics.load(new Int32Array(memory), FILES),
  };
}

export function openTurnstile(memory: SharedArrayBuffer): Turnstile {
  const words = new Int32Array(memory);
  const longs = new BigInt64Array(memory);
  return {
    next: () => Atomics.add(words, NEXT, 1),
    alone(write) {
      while (Atomics.compareExchange(words, LOCK, 0, 1) !== 0) Atomics.wait(words, LOCK, 1);
      try {
        return write();
      } finally {
        Atomics.store(words, LOCK, 0);
        Atomics.notify(words, LOCK, 1);
      }
    },
    addProgress({ bytes, files }) {
      Atomics.add(longs, BYTES_DONE, BigInt(bytes));
      Atomics.add(words, FILES, files);
    },
  };
}
