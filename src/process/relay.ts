import { write } from 'node:fs';
import type { Readable } from 'node:stream';

/** Gets every chunk that passes, after it has been handed to the writer. It must not throw, wait or change the chunk. */
export type Observer = (chunk: Buffer) => void;

export interface Relay {
  /** Resolves when everything has been passed on, or the reader is gone. */
  readonly done: Promise<void>;
  /** Gives the source up once it has been silent for `silenceMs`: a process that Codex left behind may hold it open. */
  endWhenSilent(silenceMs: number): void;
}

const RETRY_MS = 5;

/**
 * Copies `source` to the file descriptor `fd` byte for byte, and shows each chunk to `observe`. One write is under
 * way at a time and nothing is read meanwhile, so a slow reader slows Codex as it would without us, while our event
 * loop stays free (process.stdout would make a pipe that Codex shares non-blocking, and would queue without bound).
 * When the reader is gone the source is destroyed: Codex then gets the same EPIPE as without us.
 */
export function relay(source: Readable, fd: number, observe: Observer): Relay {
  /** Counts what happens, so that silence can be told from an event loop that was held up. */
  let events = 0;
  let silence: NodeJS.Timeout | undefined;
  const writer = createWriter(fd, {
    onProgress: () => stir(),
    onIdle: () => source.resume(),
    onError: () => source.destroy(),
  });
  const stir = () => {
    events++;
    silence?.refresh();
  };

  source.on('data', (chunk: Buffer) => {
    stir();
    // Node resumes a paused stream when the process behind it ends: what comes then waits for its turn.
    source.pause();
    writer.write(chunk);
    observe(chunk);
  });
  source.on('error', () => source.destroy());
  const closed = new Promise<void>((resolve) => {
    source.on('close', resolve);
  });

  return {
    done: closed.then(async () => {
      clearTimeout(silence);
      // The source can be at its end before its last chunk has been taken.
      await writer.finished();
    }),
    endWhenSilent(silenceMs) {
      if (source.closed) return;
      silence = setTimeout(() => {
        // Our own event loop may have been held up: what is there to read is read before the timer's verdict.
        const before = events;
        setImmediate(() => {
          if (source.closed) return;
          if (writer.isBusy() || events !== before) silence?.refresh();
          else source.destroy();
        });
      }, silenceMs);
    },
  };
}

interface WriterHandlers {
  readonly onProgress: () => void;
  /** There is nothing left to write. */
  readonly onIdle: () => void;
  /** The reader is gone. What is written from then on is thrown away. */
  readonly onError: () => void;
}

/** Writes chunks to `fd` in order, one at a time. */
function createWriter(fd: number, { onProgress, onIdle, onError }: WriterHandlers) {
  const waiting: Buffer[] = [];
  let writing = false;
  let broken = false;
  let finish: (() => void) | undefined;

  const next = () => {
    const chunk = broken ? undefined : waiting.shift();
    writing = chunk !== undefined;
    if (chunk) {
      writeAll(fd, chunk, 0, (error) => {
        onProgress();
        broken = error !== undefined;
        if (broken) onError();
        next();
      });
    } else {
      finish?.();
      if (!broken) onIdle();
    }
  };

  return {
    write(chunk: Buffer): void {
      if (broken) return;
      waiting.push(chunk);
      if (!writing) next();
    },
    isBusy: () => writing,
    finished: () =>
      new Promise<void>((resolve) => {
        if (writing) finish = resolve;
        else resolve();
      }),
  };
}

function writeAll(fd: number, chunk: Buffer, offset: number, done: (error: Error | undefined) => void): void {
  write(fd, chunk, offset, chunk.length - offset, null, (error, written) => {
    if (error?.code === 'EAGAIN') {
      // The caller's pipe is non-blocking and full.
      setTimeout(writeAll, RETRY_MS, fd, chunk, offset, done);
      return;
    }
    if (error || offset + written >= chunk.length) done(error ?? undefined);
    else writeAll(fd, chunk, offset + written, done);
  });
}
