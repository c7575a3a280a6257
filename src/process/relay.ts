import { writev } from 'node:fs';
import type { Readable } from 'node:stream';

/** Gets every chunk that passes, after it has been handed to the writer. It must not throw, wait or change the chunk. */
export type Observer = (chunk: Buffer) => void;

export interface Relay {
  /** Resolves when everything has been passed on, or the reader is gone. */
  readonly done: Promise<void>;
  /** Gives the source up when nothing has come from it for `silenceMs`: a process that Codex left behind may hold it open. */
  endWhenSilent(silenceMs: number): void;
  /**
   * Gives the reader up too, then, when it takes nothing for as long. A Codex that was asked to end would not have
   * waited for it.
   */
  hurry(): void;
  /** Whether the reader was given up, so that it does not have everything. */
  gaveUp(): boolean;
}

/** The most that may wait while a write is under way. It is large enough for reading and writing to go on side by side. */
const WAITING_LIMIT_BYTES = 1024 * 1024;
const RETRY_MS = 5;

/**
 * Copies `source` to the file descriptor `fd` byte for byte, and shows each chunk to `observe`. One write is under
 * way at a time. What is read meanwhile goes with the next one, and when that is much, nothing more is read: so a slow
 * reader slows Codex as it would without us, while our event loop stays free (process.stdout would make a pipe that
 * Codex shares non-blocking, and would queue without bound). When the reader is gone the source is destroyed: Codex
 * then gets the same EPIPE as without us.
 */
export function relay(source: Readable, fd: number, observe: Observer): Relay {
  /** Counts events, to distinguish silence from an event loop that was held up. */
  let events = 0;
  let silence: NodeJS.Timeout | undefined;
  const writer = createWriter(fd, {
    onProgress: () => stir(),
    onRoom: () => source.resume(),
    onError: () => source.destroy(),
  });
  const stir = () => {
    events++;
    silence?.refresh();
  };

  source.on('data', (chunk: Buffer) => {
    stir();
    // Node resumes a paused stream when the process behind it ends: what comes then waits for its turn.
    if (!writer.write(chunk)) source.pause();
    observe(chunk);
  });
  source.on('error', () => source.destroy());
  const closed = new Promise<void>((resolve) => {
    source.on('close', resolve);
  });
  let patient = true;
  let hasGivenUp = false;
  let giveUp: () => void = () => undefined;
  const givenUp = new Promise<void>((resolve) => {
    giveUp = resolve;
  });
  const judgeSilence = () => {
    // The event loop of this process may have been held up, so what can be read is read before the decision.
    const before = events;
    setImmediate(() => {
      const busy = writer.isBusy();
      if (events !== before || (busy && patient)) {
        silence?.refresh();
        return;
      }
      source.destroy();
      if (!busy) return;
      hasGivenUp = true;
      giveUp();
    });
  };

  return {
    // The source can be at its end before its last chunk has been taken.
    done: Promise.race([closed.then(() => writer.finished()), givenUp]).finally(() => clearTimeout(silence)),
    endWhenSilent(silenceMs) {
      silence = setTimeout(judgeSilence, silenceMs);
    },
    hurry() {
      patient = false;
    },
    gaveUp: () => hasGivenUp,
  };
}

interface WriterHandlers {
  readonly onProgress: () => void;
  /** Called when nothing waits any more. */
  readonly onRoom: () => void;
  /** Called when the reader is gone. What is written from then on is thrown away. */
  readonly onError: () => void;
}

/** Writes chunks to `fd` in order, all that wait at once. */
function createWriter(fd: number, { onProgress, onRoom, onError }: WriterHandlers) {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let writing = false;
  let broken = false;
  let finish: (() => void) | undefined;

  const next = () => {
    const chunks = waiting;
    waiting = [];
    waitingBytes = 0;
    writing = chunks.length > 0 && !broken;
    if (!broken) onRoom();
    if (!writing) {
      finish?.();
      return;
    }
    writeAll(fd, chunks, (error) => {
      onProgress();
      broken = error !== undefined;
      if (broken) onError();
      next();
    });
  };

  return {
    /** Returns false when so much waits that the source should pause. */
    write(chunk: Buffer): boolean {
      if (broken) return true;
      waiting.push(chunk);
      waitingBytes += chunk.length;
      if (!writing) next();
      return waitingBytes < WAITING_LIMIT_BYTES;
    },
    isBusy: () => writing,
    finished: () =>
      new Promise<void>((resolve) => {
        if (writing) finish = resolve;
        else resolve();
      }),
  };
}

function writeAll(fd: number, chunks: readonly Buffer[], done: (error: Error | undefined) => void): void {
  writev(fd, chunks, null, (error, written) => {
    if (error?.code === 'EAGAIN') {
      // The caller's pipe is non-blocking and full, so the write is tried again.
      setTimeout(writeAll, RETRY_MS, fd, chunks, done);
      return;
    }
    const rest = error ? [] : skipBytes(chunks, written);
    if (rest.length === 0) done(error ?? undefined);
    else writeAll(fd, rest, done);
  });
}

/** Returns `chunks` without their first `bytes`. */
function skipBytes(chunks: readonly Buffer[], bytes: number): Buffer[] {
  const rest = [...chunks];
  let toSkip = bytes;
  for (let [first] = rest; first && first.length <= toSkip; [first] = rest) {
    toSkip -= first.length;
    rest.shift();
  }
  const [first] = rest;
  if (first) rest[0] = first.subarray(toSkip);
  return rest;
}
