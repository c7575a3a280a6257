import type { EChartsCoreOption } from 'echarts/core';
import type { CostReport } from '../answers.js';
import { formatClock, formatDuration, formatRoundUsd } from '../format.js';
import {
  accumulate,
  chooseInterval,
  describeLines,
  formatElapsed,
  formatTick,
  measureSpan,
  type Point,
  type Spending,
} from '../spending.js';
import { colorOfPhase, type Frame, legendOf, type Theme, tooltipOf } from './theme.js';

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
    yAxis: {
      type: 'value',
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { color: theme.muted, formatter: formatRoundUsd },
      splitLine: { lineStyle: { color: theme.line } },
    },
  };
}
