import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Changes } from './changes.js';
import type { Progress } from './progress.js';

const HEARTBEAT_MS = 20_000;

/** A stream that says `change` when there is something new to ask for, and `history` as the import moves on. */
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
