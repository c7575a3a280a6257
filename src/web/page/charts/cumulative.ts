import type { EChartsCoreOption } from 'echarts/core';
import type { CostReport, InvocationEntry } from '../answers.js';
import { formatClock, formatDayOf, formatDuration, formatUsd } from '../format.js';
import { colorOfPhase, costAxis, type Frame, legendOf, type Theme, tooltipOf } from './theme.js';

type Point = [atMs: number, usd: number];
const HOUR_MS = 3_600_000;
const INTERVALS_MS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400].map(
  (seconds) => seconds * 1000,
);

/** An invocation, or a thread that was read from history. */
type Spending = Pick<InvocationEntry, 'phase' | 'startedAt' | 'responses'>;

interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** What a run or a session had cost by the time of each of its responses: all of it, and each phase. */
export function drawCumulative(spending: readonly Spending[], frame: Frame): EChartsCoreOption {
  const { theme } = frame;
  const phases = [...new Set(spending.map(({ phase }) => phase))];
  const span = measureSpan(spending);
  const lines: LineOf[] = [
    { name: 'all', points: accumulate(spending, span), color: theme.text, dash: 'solid', fill: 'filled' },
    ...phases.map((phase, index): LineOf => {
      const ofPhase = spending.filter((one) => one.phase === phase);
      const dash = index % 2 === 0 ? 'dashed' : 'dotted';
      return { name: phase, points: accumulate(ofPhase, span), fill: 'open', color: colorOfPhase(phase, theme), dash };
    }),
  ];
  const shown = phases.length < 2 ? lines.slice(0, 1) : lines;
  return {
    ...frameOf(frame, shown, formatClock),
    xAxis: axisOf(theme, {
      type: 'time',
      axisLabel: { color: theme.muted, hideOverlap: true, formatter: formatTick },
    }),
    series: shown.map(seriesOf),
  };
}

/** Two runs from their start on. */
export function drawComparison(runs: readonly [CostReport, CostReport], frame: Frame): EChartsCoreOption {
  const { theme, width } = frame;
  const [a, b] = runs.map(({ invocations }) => {
    const span = measureSpan(invocations);
    return accumulate(invocations, span).map(([atMs, usd]): Point => [atMs - span.fromMs, usd]);
  }) as [Point[], Point[]];
  const longestMs = Math.max(...[a, b].map((points) => points.at(-1)?.[0] ?? 0));
  const lines: LineOf[] = [
    { name: `${runs[0].runId}`, points: a, color: theme.accent, dash: 'solid', fill: 'open' },
    { name: `${runs[1].runId}`, points: b, color: theme.second, dash: 'dashed', fill: 'open' },
  ];
  return {
    ...frameOf(frame, lines, formatDuration),
    xAxis: axisOf(theme, {
      type: 'value',
      interval: chooseInterval(longestMs, width),
      axisLabel: { color: theme.muted, hideOverlap: true, showMaxLabel: false, formatter: formatElapsed },
    }),
    series: lines.map(seriesOf),
  };
}

interface LineOf {
  readonly name: string;
  readonly points: readonly Point[];
  readonly color: string;
  readonly dash: 'solid' | 'dashed' | 'dotted';
  readonly fill: 'filled' | 'open';
}

function seriesOf({ name, points, color, dash, fill }: LineOf) {
  return {
    name,
    type: 'line',
    step: 'end',
    data: points,
    symbol: 'none',
    sampling: 'lttb',
    lineStyle: { width: 2, type: dash, color },
    itemStyle: { color },
    ...(fill === 'filled' ? { areaStyle: { color, opacity: 0.06 } } : {}),
  };
}

function axisOf({ line }: Theme, rest: object) {
  return { axisLine: { lineStyle: { color: line } }, axisTick: { show: false }, splitLine: { show: false }, ...rest };
}

function frameOf(frame: Frame, lines: readonly LineOf[], formatX: (x: number) => string): EChartsCoreOption {
  const { theme } = frame;
  const names = lines.map(({ name }) => name);
  const { legend, heightPx } = legendOf(names, frame, { itemWidth: 28, itemHeight: 2 });
  return {
    grid: { left: 8, right: 16, top: heightPx + 2, bottom: 4, containLabel: true },
    legend,
    tooltip: {
      // ECharts names those lines alone that have a point just there: the others had cost something by then too.
      ...tooltipOf<readonly { value: Point }[]>(theme, ([nearest]) => {
        const x = nearest?.value[0] ?? 0;
        return [formatX(x), ...describeLines(lines, x)].join('\n');
      }),
      trigger: 'axis',
    },
    yAxis: costAxis(theme),
  };
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
function chooseInterval(longestMs: number, width: number): number {
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
function formatTick(ms: number): string {
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
