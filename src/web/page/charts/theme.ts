import type { Provider } from '../answers.js';
import { PROVIDERS } from '../providers.js';

/** The page's colours, from its style sheet, for what is drawn on a canvas. */
export interface Theme {
  readonly font: string;
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly panel: string;
  readonly nothing: string;
  readonly accent: string;
  readonly second: string;
  readonly providers: Readonly<Record<Provider, string>>;
}

export function readTheme(element: Element): Theme {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    font: style.fontFamily,
    text: read('text'),
    muted: read('muted'),
    line: read('line'),
    panel: read('panel'),
    nothing: read('nothing'),
    accent: read('accent'),
    second: read('second'),
    providers: Object.fromEntries(PROVIDERS.map((provider) => [provider, read(provider)])) as Theme['providers'],
  };
}

/** The look that tooltips share. They are drawn on the canvas: HTML of theirs would need inline styles. */
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
