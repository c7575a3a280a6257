import type { RateLimit } from '../usage/record.js';
import { groupBy } from './groups.js';
import type { Style } from './paint.js';

/** A window that limits a subscription, with what is known of it now. */
export interface LimitWindow extends Omit<RateLimit, 'usedPercent'> {
  /** Named by its length: `5h`, `week`, `3d`, `45m`. */
  readonly name: string;
  /** Undefined when the window has been renewed since it was observed: its use since then is not known. */
  readonly leftPercent: number | undefined;
}

const MINUTE_MS = 60_000;

/** Returns the windows that are still valid at `nowMs`: those of the main limit first, then by length. */
export function describeLimits(limits: readonly RateLimit[], nowMs: number): LimitWindow[] {
  // Codex reports the same window as 299 or as 300 minutes long: the newest observation wins.
  const windows = groupBy(limits, (limit) => `${limit.provider} ${limit.limitId} ${nameWindow(limit.windowMinutes)}`);
  const newest = [...windows.values()].flatMap((group) => {
    return group.reduce((a, b) => (b.observedAtMs > a.observedAtMs ? b : a));
  });
  const current = newest.filter(({ observedAtMs, resetsAtMs, windowMinutes }) => {
    return nowMs < (resetsAtMs ?? observedAtMs) + windowMinutes * MINUTE_MS;
  });
  return current
    .map(({ usedPercent, ...limit }): LimitWindow => {
      const begunAnew = limit.resetsAtMs !== undefined && limit.resetsAtMs <= nowMs;
      const leftPercent = begunAnew ? undefined : Math.min(100, Math.max(0, 100 - usedPercent));
      return { ...limit, name: nameWindow(limit.windowMinutes), leftPercent };
    })
    .sort((a, b) => Number(isMain(b)) - Number(isMain(a)) || compare(a, b));
}

/** `5h`, `week`; a limit that only some models have is named as well: `codex_spark 1h` */
export function labelLimit({ limitId, name, provider }: LimitWindow): string {
  return isMain({ limitId, provider }) ? name : `${limitId} ${name}`;
}

/** What is left of a window: yellow below a quarter, red below a tenth. */
export function styleLeft(leftPercent: number): Style | undefined {
  if (leftPercent < 10) return 'red';
  return leftPercent < 25 ? 'yellow' : undefined;
}

/** Names 300 minutes `5h` and 10080 `week`. A length within two percent of such a window counts as it. */
export function nameWindow(minutes: number): string {
  if (isAbout(minutes / 10_080, 1)) return 'week';
  for (const [unit, length] of [
    ['d', 1440],
    ['h', 60],
  ] as const) {
    const count = Math.round(minutes / length);
    if (count > 0 && isAbout(minutes / length, count)) return `${count}${unit}`;
  }
  return `${minutes}m`;
}

function isMain({ limitId, provider }: Pick<LimitWindow, 'limitId' | 'provider'>): boolean {
  return limitId === provider;
}

function isAbout(value: number, whole: number): boolean {
  return Math.abs(value / whole - 1) < 0.02;
}

// localeCompare takes Node 14 ms to load, more than all else that a prompt waits for.
function compare(a: LimitWindow, b: LimitWindow): number {
  if (a.limitId !== b.limitId) return a.limitId < b.limitId ? -1 : 1;
  return a.windowMinutes - b.windowMinutes;
}
