import type { EChartsCoreOption } from 'echarts/core';
import type { Provider } from '../answers.js';
import { formatRoundUsd, formatUsd } from '../format.js';
import { PROVIDER_NAMES } from '../providers.js';
import { type Frame, legendOf, stackBars } from './theme.js';

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
