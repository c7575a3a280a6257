import { useEffect, useState } from 'preact/hooks';
import { addressOf } from './address.js';
import type { HistoryState } from './answers.js';

export interface Problem {
  /** As the API names it, or `unreachable`. */
  readonly kind: string;
  readonly message: string;
}

/** `answer` stays the one before while a newer one is on its way, so that nothing flickers. */
export interface Asked<Answer> {
  readonly answer: Answer | undefined;
  readonly problem: Problem | undefined;
  readonly state: 'loading' | 'ready';
}

/** Asks the API, and again whenever something has been recorded; every `againMs` too where time alone changes the answer. */
export function useAnswer<Answer>(
  path: string,
  parameters: Readonly<Record<string, string | undefined>> = {},
  againMs?: number,
): Asked<Answer> {
  const address = addressOf(path, parameters);
  const [asked, setAsked] = useState<Asked<Answer> & { readonly address: string }>({ address, ...NOTHING });
  useEffect(() => {
    const abort = new AbortController();
    const ask = async () => {
      const result = await fetchAnswer<Answer>(address, abort.signal);
      if (abort.signal.aborted) return;
      setAsked((before) => ({
        address,
        state: 'ready',
        // A server that is gone for a moment takes nothing away from what is shown.
        answer:
          result.answer ??
          (result.problem?.kind === 'unreachable' && before.address === address ? before.answer : undefined),
        problem: result.problem,
      }));
    };
    setAsked((before) => ({ ...before, address, state: 'loading' }));
    void ask();
    const stop = onChange(() => void ask());
    const asking = againMs === undefined ? undefined : setInterval(() => void ask(), againMs);
    return () => {
      stop();
      clearInterval(asking);
      abort.abort();
    };
  }, [address, againMs]);
  return asked;
}

const NOTHING = { answer: undefined, problem: undefined, state: 'loading' } as const;

async function fetchAnswer<Answer>(
  address: string,
  signal: AbortSignal,
): Promise<{ answer?: Answer; problem: Problem | undefined }> {
  try {
    const response = await fetch(address, { signal });
    const body = (await response.json()) as Answer & { error?: Problem };
    return response.ok ? { answer: body, problem: undefined } : { problem: body.error ?? UNREACHABLE };
  } catch {
    return { problem: UNREACHABLE };
  }
}

const UNREACHABLE: Problem = {
  kind: 'unreachable',
  message: 'The server does not answer. Is "codex-usage serve" still running? The page goes on when it is back.',
};

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
function onChange(listener: () => void): () => void {
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
