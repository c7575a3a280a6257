import type { EChartsCoreOption } from 'echarts/core';
import type { CostReport, ResponseEntry } from '../answers.js';
import { formatClock, formatDuration, formatRoundUsd, formatUsd } from '../format.js';
import type { Frame } from './chart.jsx';
import { type Theme, tooltipOf } from './theme.js';

type Point = [atMs: number, usd: number];
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

/** What a run or a session had cost by the time of each of its responses: all of it, and each phase. */
export function drawCumulative(spending: readonly Spending[], { theme }: Frame): EChartsCoreOption {
  const phases = [...new Set(spending.map(({ phase }) => phase))];
  const span = measureSpan(spending);
  const lines: LineOf[] = [
    { name: 'all', points: accumulate(spending, span), color: theme.text, dash: 'solid', fill: 'filled' },
    ...phases.map((phase, index): LineOf => {
      const ofPhase = spending.filter((one) => one.phase === phase);
      const look = index % 2 === 0 ? { color: theme.accent, dash: 'dashed' } : { color: theme.second, dash: 'dotted' };
      return { name: phase, points: accumulate(ofPhase, span), fill: 'open', ...look } as LineOf;
    }),
  ];
  return {
    ...frameOf(theme, formatClock),
    xAxis: axisOf(theme, { type: 'time', axisLabel: { color: theme.muted, hideOverlap: true } }),
    series: (phases.length < 2 ? lines.slice(0, 1) : lines).map(seriesOf),
  };
}

/** Two runs from their start on. */
export function drawComparison(runs: readonly [CostReport, CostReport], { theme, width }: Frame): EChartsCoreOption {
  const [a, b] = runs.map(({ invocations }) => {
    const span = measureSpan(invocations);
    return accumulate(invocations, span).map(([atMs, usd]): Point => [atMs - span.fromMs, usd]);
  }) as [Point[], Point[]];
  const longestMs = Math.max(...[a, b].map((points) => points.at(-1)?.[0] ?? 0));
  return {
    ...frameOf(theme, formatDuration),
    xAxis: axisOf(theme, {
      type: 'value',
      interval: chooseInterval(longestMs, width),
      axisLabel: { color: theme.muted, hideOverlap: true, showMaxLabel: false, formatter: formatElapsed },
    }),
    series: [
      seriesOf({ name: `${runs[0].runId}`, points: a, color: theme.accent, dash: 'solid', fill: 'open' }),
      seriesOf({ name: `${runs[1].runId}`, points: b, color: theme.second, dash: 'dashed', fill: 'open' }),
    ],
  };
}

interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** From the first start to the last response. */
function measureSpan(spending: readonly Spending[]): Span {
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

function accumulate(spending: readonly Spending[], { fromMs, untilMs }: Span): Point[] {
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

/** `40s`, `25m`, `3h` */
function formatElapsed(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1000)}s`;
  return ms % HOUR_MS === 0 ? `${ms / HOUR_MS}h` : `${Math.round(ms / 60_000)}m`;
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

function frameOf(theme: Theme, formatX: (x: number) => string): EChartsCoreOption {
  return {
    grid: { left: 8, right: 16, top: 36, bottom: 4, containLabel: true },
    legend: { top: 0, left: 0, itemWidth: 28, itemHeight: 2, textStyle: { color: theme.muted } },
    tooltip: {
      ...tooltipOf(theme),
      trigger: 'axis',
      formatter: (lines: readonly { seriesName: string; value: Point }[]) =>
        [
          formatX(lines[0]?.value[0] ?? 0),
          ...lines.map(({ seriesName, value }) => `${seriesName}  ${formatUsd(value[1])}`),
        ].join('\n'),
    },
    yAxis: {
      type: 'value',
      axisLine: { show: false },
      axisLabel: { color: theme.muted, formatter: formatRoundUsd },
      splitLine: { lineStyle: { color: theme.line } },
    },
  };
}
