import type { CounterName } from '../usage/counters.js';
import { mapCounters } from '../usage/usage.js';
import { formatCost, formatCount } from './amounts.js';
import { formatCredits } from './credits.js';
import { describeSource, type Figures, isActual } from './figures.js';

/** Figures as a reader sees them. `~`: not all reported by the API; `+`: not all priced; `-`: no response. */
export interface FiguresText extends Readonly<Record<CounterName, string>> {
  readonly responses: string;
  /** Input and output. */
  readonly tokens: string;
  readonly cost: string;
  /** Empty where nobody asked for credits. */
  readonly credits: string;
  readonly source: string;
}

/** How numbers are written. */
export interface NumberFormats {
  readonly count: (count: number) => string;
  readonly cost: (nanoUsd: number) => string;
}

const EXACT: NumberFormats = { count: formatCount, cost: formatCost };

export function describeFigures(figures: Figures, formats = EXACT): FiguresText {
  const { usage, responses } = figures;
  const describe = (count: number) => {
    if (responses === 0) return '-';
    // Nothing of a kind is no guess.
    return (count === 0 ? '' : mark(figures)) + formats.count(count);
  };
  return {
    responses: formats.count(responses),
    ...mapCounters((name) => describe(usage[name])),
    tokens: describe(usage.input + usage.output),
    cost: describeCost(figures, formats),
    credits: describeCredits(figures),
    source: describeSource(figures) ?? '-',
  };
}

/** `$0.0123`, `~$0.0123`, `$0.0123+`, `unpriced`, `-` */
export function describeCost(figures: Figures, { cost }: Pick<NumberFormats, 'cost'> = EXACT): string {
  if (figures.responses === 0) return '-';
  if (figures.costNanoUsd === undefined) return 'unpriced';
  return mark(figures) + cost(figures.costNanoUsd) + (figures.unpricedResponses > 0 ? '+' : '');
}

/** `12.34`, `~12.34`, `12.34+`, `unknown`, `-` where no response is Codex's. */
export function describeCredits(figures: Figures): string {
  const { credits } = figures;
  if (!credits) return '';
  const { nanoCredits, unratedResponses } = credits;
  if (nanoCredits === undefined) return unratedResponses > 0 ? 'unknown' : '-';
  return mark(figures) + formatCredits(nanoCredits) + (unratedResponses > 0 ? '+' : '');
}

function mark(figures: Figures): '' | '~' {
  return isActual(figures) ? '' : '~';
}
