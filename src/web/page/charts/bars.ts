import type { EChartsCoreOption } from 'echarts/core';
import type { Provider } from '../answers.js';
import { formatRoundUsd, formatUsd } from '../format.js';
import { describeIteration, type Iteration, type Mark } from '../iterations.js';
import { PROVIDER_NAMES } from '../names.js';
import { colorOfPhase, type Frame, legendOf, stackBars, type Theme } from './theme.js';

/** What each provider cost in one day, week or month. */
export interface Bar {
  /** `2026-11-24`, `2026-11` */
  readonly key: string;
  /** Below the bar, and in its tooltip. */
  readonly label: string;
  readonly title: string;
  /** Null: nothing of it has a price. Absent: nothing was used. */
  readonly costs: Readonly<Partial<Record<Provider, number | null>>>;
}

/** Bars stacked by provider, with their sums on top where there is room. */
export function drawBars(bars: readonly Bar[], providers: readonly Provider[], frame: Frame): EChartsCoreOption {
  const { theme, width } = frame;
  const stacks = providers.map((provider) => ({
    name: PROVIDER_NAMES[provider],
    color: theme.providers[provider],
    costs: bars.map(({ costs }) => costs[provider] ?? 0),
  }));
  const names = stacks.map(({ name }) => name);
  const { legend, heightPx } = legendOf(names, frame, { itemWidth: 25, itemHeight: 14 });
  const labels = bars.map(({ label }) => label);
  const { series, ...chart } = stackBars(theme, labels, stacks, (index) => describeBar(bars[index], providers));
  const sums = bars.map((_, index) => stacks.reduce((sum, { costs }) => sum + (costs[index] ?? 0), 0));
  const isRoomy = width / Math.max(1, bars.length) >= 46;
  return {
    ...chart,
    grid: { left: 8, right: 8, top: providers.length > 1 ? heightPx + 2 : 20, bottom: 4, containLabel: true },
    legend: { show: providers.length > 1, ...legend },
    series: series.map((one, index) => ({
      ...one,
      itemStyle: { ...one.itemStyle, borderRadius: 2 },
      label: {
        show: isRoomy && index === providers.length - 1,
        position: 'top',
        color: theme.muted,
        fontSize: 11,
        formatter: ({ dataIndex }: { dataIndex: number }) => (sums[dataIndex] ? formatRoundUsd(sums[dataIndex]) : ''),
      },
    })),
  };
}

function describeBar(bar: Bar | undefined, providers: readonly Provider[]): string {
  if (!bar) return '';
  const lines = providers.flatMap((provider) => {
    const cost = bar.costs[provider];
    return cost === undefined ? [] : [`${PROVIDER_NAMES[provider]}  ${cost === null ? 'unpriced' : formatUsd(cost)}`];
  });
  return [bar.title, ...(lines.length === 0 ? ['nothing used'] : lines)].join('\n');
}

/** Marks stand in rows above the bars, one row for each kind, so that several of one iteration do not hide each other. */
const MARKS: readonly {
  readonly mark: Mark;
  readonly symbol: string;
  readonly y: number;
  readonly color: keyof Theme;
}[] = [
  {
    mark: 'failure',
    symbol: 'path://M2 0L6 4L10 0L12 2L8 6L12 10L10 12L6 8L2 12L0 10L4 6L0 2Z',
    y: 0.99,
    color: 'bad',
  },
  { mark: 'budget', symbol: 'diamond', y: 0.935, color: 'warn' },
  { mark: 'cache miss', symbol: 'triangle', y: 0.88, color: 'muted' },
];
/** So much higher than the dearest iteration the axis goes where there are marks. */
const HEADROOM = 1.22;

/** What each iteration cost, a bar stacked by phase, with marks above those in which something went wrong. */
export function drawIterations(
  iterations: readonly Iteration[],
  phases: readonly string[],
  frame: Frame,
): EChartsCoreOption {
  const { theme, width } = frame;
  const marks = MARKS.filter(({ mark }) => iterations.some((one) => one.marks.includes(mark)));
  const names = [...phases, ...marks.map(({ mark }) => mark)];
  const { legend, heightPx } = legendOf(names, frame, { itemWidth: 14, itemHeight: 10 });
  const labels = iterations.map(({ number }) => String(number));
  const stacks = phases.map((phase) => ({
    name: phase,
    color: colorOfPhase(phase, theme),
    costs: iterations.map((one) => one.phases[phase]?.costUsd ?? 0),
  }));
  const { aria, yAxis, series, ...chart } = stackBars(theme, labels, stacks, (index) => {
    return describeIteration(iterations[index]);
  });
  const isMarked = marks.length > 0;
  // Narrower bars show no pattern, and leave less room between them.
  const isWide = width / Math.max(1, iterations.length) >= 8;
  return {
    ...chart,
    aria: { ...aria, decal: { ...aria.decal, show: isWide } },
    grid: { left: 8, right: 12, top: heightPx, bottom: 4, containLabel: true },
    legend,
    yAxis: [
      {
        ...yAxis,
        max: ({ max }: { max: number }) => (isMarked ? max * HEADROOM : null),
        axisLabel: { ...yAxis.axisLabel, showMaxLabel: !isMarked },
      },
      { type: 'value', min: 0, max: 1, show: false },
    ],
    series: [
      ...series.map((one) => ({ ...one, barCategoryGap: isWide ? '28%' : '8%' })),
      ...marks.map(({ mark, symbol, y, color }) => ({
        name: mark,
        type: 'line',
        yAxisIndex: 1,
        symbol,
        symbolSize: 8,
        showAllSymbol: true,
        lineStyle: { opacity: 0 },
        itemStyle: { color: theme[color], opacity: 1 },
        data: iterations.map((one) => (one.marks.includes(mark) ? y : null)),
      })),
    ],
  };
}
