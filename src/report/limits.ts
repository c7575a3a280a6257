import type { Provider } from '../usage/provider.js';
import type { RateLimit } from '../usage/record.js';
import { groupBy } from './groups.js';

/** A window that limits a subscription, as far as it is known now. */
export interface LimitWindow {
  readonly provider: Provider;
  readonly limitId: string;
  /** By its length: `5h`, `week`, `3d`, `45m`. */
  readonly name: string;
  readonly windowMinutes: number;
  /** Undefined once the window has begun anew since it was heard of: what is used of it since then nobody said. */
  readonly leftPercent: number | undefined;
  readonly resetsAtMs: number | undefined;
  readonly observedAtMs: number;
}

const MINUTE_MS = 60_000;

/** The windows that still mean something at `nowMs`, the main limit's and the shortest first. */
export function describeLimits(limits: readonly RateLimit[], nowMs: number): LimitWindow[] {
  // The same window has been heard of as 299 and as 300 minutes: the newest observation wins.
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

/** `5h`, `week`, or with the limit's name where it is not the one that all models have: `codex_spark 1h` */
export function labelLimit({ limitId, name, provider }: LimitWindow): string {
  return isMain({ limitId, provider }) ? name : `${limitId} ${name}`;
}

/** 300 is `5h`, 10080 `week`. A window that is a little off, such as 299, is still that window. */
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

// localeCompare would do it too: Node takes 14 ms to load it, more than all else that a prompt waits for.
function compare(a: LimitWindow, b: LimitWindow): number {
  if (a.limitId !== b.limitId) return a.limitId < b.limitId ? -1 : 1;
  return a.windowMinutes - b.windowMinutes;
}
