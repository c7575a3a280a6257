import type { EChartsCoreOption } from 'echarts/core';
import type { Provider } from '../answers.js';
import { formatRoundUsd, formatUsd } from '../format.js';
import { PROVIDER_NAMES } from '../providers.js';
import { type AtAxis, type Frame, legendOf, PATTERNS, tooltipOf } from './theme.js';

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
  const names = providers.map((provider) => PROVIDER_NAMES[provider]);
  const { legend, heightPx } = legendOf(names, frame, { itemWidth: 25, itemHeight: 14 });
  const room = width / Math.max(1, bars.length);
  const sums = bars.map(({ costs }) => Object.values(costs).reduce((sum: number, cost) => sum + (cost ?? 0), 0));
  return {
    aria: {
      enabled: true,
      // Otherwise ECharts replaces the label that the page gives the chart.
      label: { enabled: false },
      decal: { show: true, decals: providers.map((_, index) => PATTERNS[index] ?? { symbol: 'none' }) },
    },
    grid: { left: 8, right: 8, top: providers.length > 1 ? heightPx + 2 : 20, bottom: 4, containLabel: true },
    legend: { show: providers.length > 1, ...legend },
    tooltip: {
      ...tooltipOf<AtAxis>(theme, ([first]) => describeBar(bars[first?.dataIndex ?? 0], providers)),
      trigger: 'axis',
      axisPointer: { type: 'shadow' },
    },
    xAxis: {
      type: 'category',
      data: bars.map(({ label }) => label),
      axisLine: { lineStyle: { color: theme.line } },
      axisTick: { show: false },
      axisLabel: { color: theme.muted, hideOverlap: true },
    },
    yAxis: {
      type: 'value',
      axisLine: { show: false },
      axisLabel: { color: theme.muted, formatter: formatRoundUsd },
      splitLine: { lineStyle: { color: theme.line } },
    },
    series: providers.map((provider, index) => ({
      name: PROVIDER_NAMES[provider],
      type: 'bar',
      stack: 'cost',
      barMaxWidth: 44,
      barCategoryGap: '28%',
      data: bars.map(({ costs }) => costs[provider] ?? 0),
      itemStyle: { color: theme.providers[provider], borderRadius: 2 },
      label: {
        show: index === providers.length - 1 && room >= 46,
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
