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

/** The style that all tooltips share. They are drawn on the canvas: as HTML they would need inline styles, which the server forbids. */
export function tooltipOf({ panel, line, text }: Theme) {
  return {
    renderMode: 'richText',
    confine: true,
    backgroundColor: panel,
    borderColor: line,
    borderWidth: 1,
    padding: [8, 10],
    textStyle: { color: text, fontSize: 12, lineHeight: 18 },
  } as const;
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
