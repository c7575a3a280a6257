import type { ResponseEntry } from './answers.js';
import { formatClock, formatDayOf, formatUsd } from './format.js';

export type Point = [atMs: number, usd: number];
const HOUR_MS = 3_600_000;
const INTERVALS_MS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400].map(
  (seconds) => seconds * 1000,
);

/** An invocation, or a thread that was read from history. */
export interface Spending {
  readonly phase: string;
  readonly startedAt: string;
  readonly responses: readonly ResponseEntry[];
}

interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** From the first start to the last response. */
export function measureSpan(spending: readonly Spending[]): Span {
  const starts = spending.map(({ startedAt }) => Date.parse(startedAt));
  const responses = spending.flatMap((one) => one.responses.map(({ completedAt }) => Date.parse(completedAt)));
  return {
    fromMs: smallest([...starts, ...responses]),
    untilMs: -smallest([...starts, ...responses].map((ms) => -ms)),
  };
}

// Spreading thousands of responses over the arguments of Math.min would be too many.
function smallest(numbers: readonly number[]): number {
  return numbers.reduce((least, number) => (number < least ? number : least), numbers[0] ?? 0);
}

export function accumulate(spending: readonly Spending[], { fromMs, untilMs }: Span): Point[] {
  const responses = spending
    .flatMap((one) => one.responses)
    .map(({ completedAt, costUsd }) => ({ atMs: Date.parse(completedAt), usd: costUsd ?? 0 }))
    .sort((a, b) => a.atMs - b.atMs);
  let sum = 0;
  const points = responses.map(({ atMs, usd }): Point => {
    sum += usd;
    return [atMs, sum];
  });
  return [[fromMs, 0], ...points, [untilMs, sum]];
}

/** Whole minutes or hours, as many as there is room for. */
export function chooseInterval(longestMs: number, width: number): number {
  const room = Math.max(2, Math.floor(width / 90));
  return (
    INTERVALS_MS.find((interval) => longestMs / interval <= room) ?? Math.ceil(longestMs / room / HOUR_MS) * HOUR_MS
  );
}

/** `40s`, `25m`, `1m 30s`, `3h`, `1h 20m`: two ticks never read alike. */
export function formatElapsed(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const parts = [
    [Math.floor(seconds / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'm'],
    [seconds % 60, 's'],
  ] as const;
  const named = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count}${unit}`);
  return named.join(' ') || '0s';
}

/** `19:05`; at midnight the day. */
export function formatTick(ms: number): string {
  const [date, time] = [new Date(ms), formatClock(ms)];
  if (date.getHours() === 0 && date.getMinutes() === 0) return formatDayOf(ms);
  return date.getSeconds() === 0 ? time.slice(0, 5) : time;
}

/** What each line had come to at `x`, whether it has a point just there or not: `builder  $1.20`. */
export function describeLines(
  lines: readonly { readonly name: string; readonly points: readonly Point[] }[],
  x: number,
): string[] {
  return lines.map(({ name, points }) => `${name}  ${formatUsd(points.findLast(([at]) => at <= x)?.[1] ?? 0)}`);
}
