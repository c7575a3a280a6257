import { useEffect, useState } from 'preact/hooks';
import type { HistoryState } from './answers.js';

/** `waiting`: the server does not answer; the browser tries again by itself. */
export type Connection = 'live' | 'waiting';

export interface Live {
  readonly connection: Connection;
  readonly history: HistoryState | undefined;
}

/** Changes come in bursts while Codex works or history is read: the page asks again this often at most. */
const REST_MS = 700;

const listeners = new Set<() => void>();
let resting = false;

/** Calls `listener` when there is something new to ask the server for, until the returned function is called. */
export function onChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function tellSoon(): void {
  if (resting) return;
  resting = true;
  setTimeout(() => {
    resting = false;
    for (const listener of [...listeners]) listener();
  }, REST_MS);
}

/** Listens to the server for as long as the page can be seen: a browser has few connections to give away. */
export function useLive(): Live {
  const [live, setLive] = useState<Live>({ connection: 'waiting', history: undefined });
  useEffect(() => {
    let source: EventSource | undefined;
    const listen = () => {
      source = new EventSource('/api/events');
      source.onopen = () => {
        setLive((before) => ({ ...before, connection: 'live' }));
        tellSoon();
      };
      source.onerror = () => setLive((before) => ({ ...before, connection: 'waiting' }));
      source.addEventListener('change', tellSoon);
      source.addEventListener('history', ({ data }) => {
        setLive((before) => ({ ...before, history: JSON.parse(data) as HistoryState }));
      });
    };
    const follow = () => {
      source?.close();
      source = undefined;
      if (document.visibilityState === 'visible') listen();
    };
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      source?.close();
      document.removeEventListener('visibilitychange', follow);
    };
  }, []);
  return live;
}

/** The time, anew every second while `active`. */
export function useNow(active: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!active) return undefined;
    const ticking = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(ticking);
  }, [active]);
  return now;
}
