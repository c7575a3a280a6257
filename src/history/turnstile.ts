/**
 * What the threads of one import share: which file comes next, who may write, and how far they are. SQLite takes one
 * writer at a time and makes the others wait by sleeping; here they are woken.
 */
export interface Turnstile {
  /** The index of a file that nobody has taken, from the first on or from the last; undefined when none is left of `count`. */
  take(from: 'first' | 'last', count: number): number | undefined;
  /** Runs `write` while no other thread does, and blocks this one until it may. */
  alone<T>(write: () => T): T;
  /** Runs `write` unless another thread does. */
  attempt<T>(write: () => T): T | 'busy';
  addProgress(progress: Progress): void;
}

export interface Progress {
  readonly bytes: number;
  readonly files: number;
}

/** Words: files taken, from the first on and from the last; lock, files done; then the bytes done, as a 64 bit integer. */
const BYTES = 32;
const TAKEN = 0;
const FIRST = 1;
const LAST = 2;
const LOCK = 3;
const FILES = 4;
const BYTES_DONE = 3;

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
  const enter = () => Atomics.compareExchange(words, LOCK, 0, 1) === 0;
  const holding = <T>(write: () => T): T => {
    try {
      return write();
    } finally {
      Atomics.store(words, LOCK, 0);
      Atomics.notify(words, LOCK, 1);
    }
  };
  return {
    take(from, count) {
      // So many and no more: then the two ends cannot pass each other.
      if (Atomics.add(words, TAKEN, 1) >= count) return undefined;
      return from === 'first' ? Atomics.add(words, FIRST, 1) : count - 1 - Atomics.add(words, LAST, 1);
    },
    alone(write) {
      while (!enter()) Atomics.wait(words, LOCK, 1);
      return holding(write);
    },
    attempt: (write) => (enter() ? holding(write) : 'busy'),
    addProgress({ bytes, files }) {
      Atomics.add(longs, BYTES_DONE, BigInt(bytes));
      Atomics.add(words, FILES, files);
    },
  };
}
