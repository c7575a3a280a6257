import type { Connection } from '../store/open.js';
import { listUsedQuarters } from '../store/period-queries.js';
import type { Provider } from '../usage/provider.js';

/**
 * A window of five hours in which an account's usage is limited. It begins with the first usage after the end of the one
 * before, at the full hour. Each provider has its own.
 */
export interface Window {
  readonly startMs: number;
  readonly endMs: number;
  /** The quarters of an hour with the account's first and last usage in it, as they begin. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** Finds the window of a quarter of an hour that has usage, by when that begins. */
export type FindWindow = (provider: Provider, quarterMs: number) => Window;

const HOUR_MS = 3_600_000;
export const WINDOW_MS = 5 * HOUR_MS;

/**
 * Divides all that is recorded into windows. An account has one series of them, whatever it was used for: so a report on
 * some days, one project or one model asks for the windows of all usage.
 */
export function readWindows(connection: Connection): FindWindow {
  const byQuarter = new Map<string, Window>();
  let open: { readonly window: Mutable; readonly provider: Provider } | undefined;
  for (const { provider, startMs } of listUsedQuarters(connection)) {
    if (open?.provider !== provider || startMs >= open.window.endMs) open = { provider, window: begin(startMs) };
    open.window.lastMs = startMs;
    byQuarter.set(`${provider} ${startMs}`, open.window);
  }
  return (provider, quarterMs) => byQuarter.get(`${provider} ${quarterMs}`) ?? begin(quarterMs);
}

type Mutable = { -readonly [Key in keyof Window]: Window[Key] };

function begin(firstMs: number): Mutable {
  const startMs = Math.floor(firstMs / HOUR_MS) * HOUR_MS;
  return { startMs, endMs: startMs + WINDOW_MS, firstMs, lastMs: firstMs };
}
