import { setTimeout } from 'node:timers/promises';
import { StoreError } from '../errors.js';
import { monotonicMs } from '../node/clock.js';

/**
 * What the threads of one import share, in memory that all of them see: which file is read next, which thread may write, and
 * how far they are. SQLite takes one writer at a time and makes the others sleep for a while; here they are woken.
 */
export interface SharedWork {
  /** Takes a file that no thread has taken, from the first on or from the last. Returns its index, or undefined when none of `count` is left. */
  takeFile(from: 'first' | 'last', count: number): number | undefined;
  /** Runs `write` while no other thread does, and blocks this thread until it may. */
  writeAlone<T>(write: () => T): T;
  /** Runs `write` unless another thread does. */
  tryToWrite<T>(write: () => T): T | 'busy';
  addProgress(progress: Progress): void;
}

export interface Progress {
  readonly bytes: number;
  readonly files: number;
}

/** 32-bit words: files taken, from the first on and from the last; the lock; files done. Then the bytes done, in 64 bits. */
const BYTES = 32;
const TAKEN = 0;
const FIRST = 1;
const LAST = 2;
const LOCK = 3;
const FILES = 4;
const BYTES_DONE = 3;

export function createSharedMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(BYTES);
}

export function readProgress(memory: SharedArrayBuffer): Progress {
  return {
    bytes: Number(Atomics.load(new BigInt64Array(memory), BYTES_DONE)),
    files: Atomics.load(new Int32Array(memory), FILES),
  };
}

export function openSharedWork(memory: SharedArrayBuffer): SharedWork {
  const words = new Int32Array(memory);
  const longs = new BigInt64Array(memory);
  const lock = () => Atomics.compareExchange(words, LOCK, 0, 1) === 0;
  const unlockAfter = <T>(write: () => T): T => {
    try {
      return write();
    } finally {
      Atomics.store(words, LOCK, 0);
      Atomics.notify(words, LOCK, 1);
    }
  };
  return {
    takeFile(from, count) {
      // No more than `count` are taken in all, so the two ends cannot pass each other.
      if (Atomics.add(words, TAKEN, 1) >= count) return undefined;
      return from === 'first' ? Atomics.add(words, FIRST, 1) : count - 1 - Atomics.add(words, LAST, 1);
    },
    writeAlone(write) {
      while (!lock()) Atomics.wait(words, LOCK, 1);
      return unlockAfter(write);
    },
    tryToWrite: (write) => (lock() ? unlockAfter(write) : 'busy'),
    addProgress({ bytes, files }) {
      Atomics.add(longs, BYTES_DONE, BigInt(bytes));
      Atomics.add(words, FILES, files);
    },
  };
}

const RETRY_MS = 5;

/**
 * Calls `attempt` until it returns something else than `'busy'`, and leaves this thread to others in between. A locked
 * database counts as busy for `patienceMs` in all; after that its error is thrown.
 */
export async function retryWhileBusy<T>(patienceMs: number, attempt: () => T | 'busy'): Promise<T> {
  const deadline = monotonicMs() + patienceMs;
  for (;;) {
    try {
      const outcome = attempt();
      if (outcome !== 'busy') return outcome;
    } catch (error) {
      const isLocked = error instanceof StoreError && error.problem === 'locked';
      if (!isLocked || monotonicMs() > deadline) throw error;
    }
    await setTimeout(RETRY_MS);
  }
}
