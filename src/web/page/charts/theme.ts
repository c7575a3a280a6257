import type { Provider } from '../answers.js';

/** The page's colours, from its style sheet, for what is drawn on a canvas. */
export interface Theme {
  /** What was drawn in dark colours is turned around on paper. */
  readonly scheme: 'light' | 'dark';
  readonly font: string;
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly panel: string;
  readonly nothing: string;
  readonly accent: string;
  readonly second: string;
  readonly bad: string;
  readonly warn: string;
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

/** What ECharts hands to the tooltip of a chart with axes. */
export type AtAxis = readonly { readonly dataIndex: number }[];

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
