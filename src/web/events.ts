import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Progress } from './progress.js';

/** Notifies its listeners of every change of the database. */
export interface Changes {
  /** Calls `listener` after each change until the returned function is called. */
  subscribe(listener: () => void): () => void;
  close(): void;
}

const HEARTBEAT_MS = 20_000;
const INTERVAL_MS = 500;

/**
 * Polls `readVersion`, which is cheap, while there are listeners. An error is not a change: a database that is locked is
 * asked again.
 */
export function watchChanges(readVersion: () => number, intervalMs = INTERVAL_MS): Changes {
  const listeners = new Set<() => void>();
  let known: number | undefined;
  let timer: NodeJS.Timeout | undefined;

  const check = () => {
    const version = attempt(readVersion);
    if (version === undefined || version === known) return;
    known = version;
    for (const listener of [...listeners]) listener();
  };
  const pause = () => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    subscribe(listener) {
      if (!timer) {
        known = attempt(readVersion);
        timer = setInterval(check, intervalMs);
      }
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) pause();
      };
    },
    close() {
      listeners.clear();
      pause();
    },
  };
}

function attempt(read: () => number): number | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Streams server-sent events: `change` when something was recorded, `history` with the progress of an import. */
export function streamEvents(context: Context, { changes, history }: { changes: Changes; history: Progress }) {
  return streamSSE(context, async (stream) => {
    const send = (event: string, data: object) => {
      stream.writeSSE({ event, data: JSON.stringify(data) }).catch(() => undefined);
    };
    const stops = [changes.subscribe(() => send('change', {})), history.subscribe((state) => send('history', state))];
    const heartbeat = setInterval(() => send('alive', {}), HEARTBEAT_MS);
    send('history', history.state());
    await new Promise<void>((resolve) => stream.onAbort(resolve));
    clearInterval(heartbeat);
    for (const stop of stops) stop();
  });
}
