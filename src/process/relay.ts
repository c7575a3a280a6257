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
  let writing = false;
  let seen = 0;
  let silence: NodeJS.Timeout | undefined;

  source.on('data', (chunk: Buffer) => {
    silence?.refresh();
    seen++;
    writing = true;
    source.pause();
    writeAll(fd, chunk, 0, (error) => {
      writing = false;
      silence?.refresh();
      if (error) source.destroy();
      else source.resume();
    });
    observe(chunk);
  });
  source.on('error', () => source.destroy());

  return {
    done: new Promise((resolve) => {
      source.on('close', () => {
        clearTimeout(silence);
        resolve();
      });
    }),
    endWhenSilent(silenceMs) {
      if (source.closed) return;
      silence = setTimeout(() => {
        // Our own event loop may have been held up: what is there to read is read before the timer's verdict.
        const before = seen;
        setImmediate(() => {
          if (source.closed) return;
          if (writing || seen !== before) silence?.refresh();
          else source.destroy();
        });
      }, silenceMs);
    },
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
