import type { Provider } from '../answers.js';
import { formatRoundUsd } from '../format.js';

/** Colours of the page, by their names in its style sheet. */
export const COLOURS = ['text', 'muted', 'line', 'panel', 'nothing', 'accent', 'second', 'bad', 'warn'] as const;

/** The look of the page, for what is drawn on a canvas. */
export interface Theme extends Readonly<Record<(typeof COLOURS)[number], string>> {
  /** What was drawn in dark colours is turned around on paper. */
  readonly scheme: 'light' | 'dark';
  readonly font: string;
  readonly providers: Readonly<Record<Provider, string>>;
}

/** What a chart is drawn for. */
export interface Frame {
  readonly width: number;
  readonly theme: Theme;
}

/** The colour that a phase has everywhere: the style sheet's `.phase-…`. */
export function colorOfPhase(phase: string, { accent, second, muted, providers }: Theme): string {
  const known: Readonly<Record<string, string>> = { builder: accent, reviewer: second, chat: providers.openai };
  return known[phase] ?? (phase === 'handoff' ? providers.gemini : muted);
}

/** The style that all tooltips share, and the text of one: what `describe` says of the data under the pointer. */
export function tooltipOf<Params>({ panel, line, text }: Theme, describe: (params: Params) => string) {
  return {
    confine: true,
    className: 'tip',
    transitionDuration: 0,
    backgroundColor: panel,
    borderColor: line,
    borderWidth: 1,
    padding: [8, 10],
    textStyle: { color: text, fontSize: 12, lineHeight: 18 },
    formatter: describe,
  } as const;
}

const LEGEND_ROW_PX = 22;
const LEGEND_LETTER_PX = 7;
const LEGEND_GAP_PX = 15;

/**
 * A legend of `names` above a chart, and the pixels that its rows take where it is `width` wide. ECharts wraps a legend, but
 * leaves no room for more than one row of it.
 */
export function legendOf(
  names: readonly string[],
  { theme, width }: Frame,
  item: { itemWidth: number; itemHeight: number },
) {
  const most = width - item.itemWidth - LEGEND_GAP_PX;
  let [rows, used] = [1, 0];
  for (const name of names) {
    const length = item.itemWidth + LEGEND_GAP_PX + Math.min(most, name.length * LEGEND_LETTER_PX);
    if (used > 0 && used + length > width) [rows, used] = [rows + 1, 0];
    used += length;
  }
  const textStyle = { color: theme.muted, width: Math.min(most, 360), overflow: 'truncate' } as const;
  return { legend: { ...item, top: 0, left: 0, textStyle }, heightPx: 12 + LEGEND_ROW_PX * rows };
}

/** The axis of costs, to the left of a chart. */
export function costAxis({ muted, line }: Theme) {
  return {
    type: 'value',
    axisLine: { show: false },
    axisTick: { show: false },
    axisLabel: { color: muted, formatter: formatRoundUsd },
    splitLine: { lineStyle: { color: line } },
  } as const;
}

/** The bars of one colour: a cost for each label of the chart. */
export interface Stack {
  readonly name: string;
  readonly color: string;
  readonly costs: readonly number[];
}

/** A chart of bars, one for each label, stacked in the order of `stacks`. `describe` gives the text of a bar's tooltip. */
export function stackBars(
  theme: Theme,
  labels: readonly string[],
  stacks: readonly Stack[],
  describe: (index: number) => string,
) {
  return {
    aria: {
      enabled: true,
      // Otherwise ECharts replaces the label that the page gives the chart.
      label: { enabled: false },
      decal: { show: true, decals: stacks.map((_, index) => PATTERNS[index] ?? { symbol: 'none' }) },
    },
    tooltip: {
      ...tooltipOf<readonly { readonly dataIndex: number }[]>(theme, ([first]) => describe(first?.dataIndex ?? 0)),
      trigger: 'axis',
      axisPointer: { type: 'shadow' },
    },
    xAxis: {
      type: 'category',
      data: labels,
      axisLine: { lineStyle: { color: theme.line } },
      axisTick: { show: false },
      axisLabel: { color: theme.muted, hideOverlap: true },
    },
    yAxis: costAxis(theme),
    series: stacks.map(({ name, color, costs }) => {
      return {
        name,
        type: 'bar',
        stack: 'cost',
        barMaxWidth: 44,
        barCategoryGap: '28%',
        data: costs,
        itemStyle: { color },
      };
    }),
  };
}

/** Patterns for readers who cannot distinguish the colours: one for each provider, in the order of PROVIDERS. The first has none. */
export const PATTERNS = [
  undefined,
  { symbol: 'rect', symbolSize: 1, rotation: Math.PI / 4, dashArrayX: [1, 0], dashArrayY: [2, 4] },
  {
    symbol: 'circle',
    symbolSize: 0.7,
    dashArrayX: [
      [4, 4],
      [0, 4, 4, 0],
    ],
    dashArrayY: [4, 0],
  },
  { symbol: 'rect', symbolSize: 1, rotation: 0, dashArrayX: [1, 0], dashArrayY: [2, 4] },
] as const;
