import { formatCost, formatCount } from './amounts.js';
import { describeSource, type Figures, isActual } from './figures.js';

/** Figures as a reader sees them. `~`: not all reported by the API; `+`: not all priced; `-`: no response. */
export interface FiguresText {
  readonly input: string;
  readonly cached: string;
  readonly cacheWrite: string;
  readonly output: string;
  readonly reasoning: string;
  readonly cost: string;
  readonly source: string;
}

export function describeFigures(figures: Figures): FiguresText {
  const { usage, responses } = figures;
  const describe = (count: number) => (responses === 0 ? '-' : mark(figures) + formatCount(count));
  return {
    input: describe(usage.input),
    cached: describe(usage.cachedInput),
    cacheWrite: describe(usage.cacheWrite),
    output: describe(usage.output),
    reasoning: describe(usage.reasoning),
    cost: describeCost(figures),
    source: describeSource(figures) ?? '-',
  };
}

/** `$0.0123`, `~$0.0123`, `$0.0123+`, `unpriced`, `-` */
export function describeCost(figures: Figures): string {
  if (figures.responses === 0) return '-';
  if (figures.costNanoUsd === undefined) return 'unpriced';
  return mark(figures) + formatCost(figures.costNanoUsd) + (figures.unpricedResponses > 0 ? '+' : '');
}

function mark(figures: Figures): '' | '~' {
  return isActual(figures) ? '' : '~';
}
