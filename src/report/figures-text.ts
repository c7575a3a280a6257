import { COUNTERS, type CounterName } from '../usage/counters.js';
import type { Evidence } from '../usage/source.js';
import { mapCounters } from '../usage/usage.js';
import { type CostFormat, cleanText, formatCost, formatCount } from './amounts.js';
import { formatCredits } from './credits.js';
import { describeSource, type Figures, isActual, totalTokens } from './figures.js';
import type { Style } from './paint.js';
import type { Column, Row } from './table.js';

/** Figures as a reader sees them. `~`: not all reported by the API; `+`: not all priced; `-`: no response. */
export interface FiguresText extends Readonly<Record<CounterName, string>> {
  readonly responses: string;
  /** Input and output. */
  readonly tokens: string;
  readonly cost: string;
  /** Empty unless the report was asked for credits. */
  readonly credits: string;
  readonly source: string;
}

/** How the counts and the costs of a table are written. */
export interface NumberFormats {
  readonly count: (count: number) => string;
  readonly cost: CostFormat;
}

const EXACT: NumberFormats = { count: formatCount, cost: formatCost };

export function describeFigures(figures: Figures, formats = EXACT): FiguresText {
  const { usage, responses } = figures;
  const describe = (count: number) => {
    if (responses === 0) return '-';
    // A count of zero is no guess, whatever the others are.
    return (count === 0 ? '' : mark(figures)) + formats.count(count);
  };
  return {
    responses: formats.count(responses),
    ...mapCounters((name) => describe(usage[name])),
    tokens: describe(totalTokens(figures)),
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

/** `12.34`, `~12.34`, `12.34+`, `unknown`, and `-` where none of the responses is Codex's. */
export function describeCredits(figures: Figures): string {
  const { credits } = figures;
  if (!credits) return '';
  const { nanoCredits, unratedResponses } = credits;
  if (nanoCredits === undefined) return unratedResponses > 0 ? 'unknown' : '-';
  return mark(figures) + formatCredits(nanoCredits) + (unratedResponses > 0 ? '+' : '');
}

/** Colours a cell that says `unpriced`. */
export function styleCost({ responses, costNanoUsd }: Pick<Figures, 'responses' | 'costNanoUsd'>): Style | undefined {
  return responses > 0 && costNanoUsd === undefined ? 'yellow' : undefined;
}

/** A column for each counter. Where the table is too wide, a counter that `room` does not name goes first. */
export function counterColumns(
  room: {
    readonly [Name in CounterName]?: Pick<Column<CounterName>, 'dropOrder' | 'drop' | 'omitted'>;
  },
): Column<CounterName>[] {
  return COUNTERS.map(({ name, label }) => ({ key: name, title: label, align: 'right', dropOrder: 0, ...room[name] }));
}

/** Whether a column is of a counter that is only shown where it is used, and is 0 in `totals`. */
export function isUnused(key: string, totals: Pick<Figures, 'usage'>): boolean {
  const counter = COUNTERS.find(({ name }) => name === key);
  return counter?.shown === 'where used' && totals.usage[counter.name] === 0;
}

/** Lays out a row below an entry for each of its parts: the model behind a branch, and the cells that `describe` returns. */
export function layOutBranches<Part extends { readonly model: string }>(
  parts: readonly Part[],
  describe: (part: Part) => object,
): Row<'model'>[] {
  return parts.map((part, index) => {
    const branch = index === parts.length - 1 ? '└' : '├';
    return { cells: { ...describe(part), model: `${branch} ${cleanText(part.model)}` }, style: 'gray', needs: 'model' };
  });
}

/** Where a count was read, in words: the record has the names of the files' fields. */
export const EVIDENCE_WORDS: Readonly<Record<Evidence, string>> = {
  usage_record: 'usage record',
  api: 'API',
  token_count: 'token count',
  turn_completed: 'turn total',
  session_total: 'session total',
  otel: 'telemetry',
  text: 'output text',
  tokenizer: 'tokenizer',
};

function mark(figures: Figures): '' | '~' {
  return isActual(figures) ? '' : '~';
}
