/** What the name of a figure of a note says: its subject in words, and the unit that the name may end with. */
export interface FigureName {
  readonly subject: string;
  readonly unit: 'usd' | 'tokens' | undefined;
}

/** `limitUsd` is a limit in USD, `spentTokens` what was spent in tokens, `countedInput` the counted input. */
export function readFigureName(name: string): FigureName {
  const words = name.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  const [, subject = words, unit] = /^(.+) (usd|tokens)$/.exec(words) ?? [];
  return { subject, unit: unit === 'usd' || unit === 'tokens' ? unit : undefined };
}
