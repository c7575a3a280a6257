import { cleanText, formatCents } from './amounts.js';
import type { Figures } from './figures.js';
import { describeCost } from './figures-text.js';
import { type LimitWindow, labelLimit } from './limits.js';
import type { Spending } from './live.js';
import type { Paint, Style } from './paint.js';

export interface StatuslineFacts {
  readonly spending: Spending;
  /** The run that is at work, or was today. */
  readonly run: { readonly id: string; readonly figures: Figures } | undefined;
  readonly running: number;
  readonly limits: readonly LimitWindow[];
}

/** What a placeholder stands for; empty where there is nothing to tell. */
type Placeholder = (facts: StatuslineFacts, paint: Paint) => string;

const PLACEHOLDERS: Readonly<Record<string, Placeholder>> = {
  today: ({ spending }) => cents(spending.today),
  run: ({ run }) => (run ? cents(run.figures) : ''),
  run_id: ({ run }) => cleanText(run?.id ?? ''),
  rate: ({ spending }) => `${formatCents(spending.perHourNanoUsd)}/h`,
  running: ({ running }) => String(running),
  windows: ({ limits }, paint) => {
    const texts = limits.map((limit) => {
      const left = limit.leftPercent === undefined ? '' : ' left';
      return `${cleanText(labelLimit(limit))} ${describeLeft(limit, paint)}${left}`;
    });
    return texts.join(SEPARATOR);
  },
  '5h': (facts, paint) => leftOf('5h', facts, paint),
  week: (facts, paint) => leftOf('week', facts, paint),
};

export const PLACEHOLDER_NAMES: readonly string[] = Object.keys(PLACEHOLDERS);

const SEPARATOR = ' · ';

/** The line that stands without a format: today, the run, the rate while money is spent, and the windows. */
export function renderStatusline(facts: StatuslineFacts, paint: Paint): string {
  const { spending, run } = facts;
  const parts = [
    `codex ${tell('today', facts, paint)} today`,
    ...(run && !equals(run.figures, spending.today)
      ? [`${shorten(cleanText(run.id))} ${tell('run', facts, paint)}`]
      : []),
    ...(spending.perHourNanoUsd > 0 ? [tell('rate', facts, paint)] : []),
    ...(facts.limits.length > 0 ? [tell('windows', facts, paint)] : []),
  ];
  return parts.join(SEPARATOR);
}

/** `format` with its `{placeholders}` filled in. */
export function fillFormat(format: string, facts: StatuslineFacts, paint: Paint): string {
  return format.replaceAll(PLACEHOLDER, (whole, name: string) => PLACEHOLDERS[name]?.(facts, paint) ?? whole);
}

/** The placeholders of `format` that there are none of. */
export function findUnknownPlaceholders(format: string): string[] {
  return [...format.matchAll(PLACEHOLDER)].flatMap(([whole, name = '']) => (name in PLACEHOLDERS ? [] : whole));
}

const PLACEHOLDER = /\{(\w+)\}/g;

function tell(name: string, facts: StatuslineFacts, paint: Paint): string {
  return PLACEHOLDERS[name]?.(facts, paint) ?? '';
}

function leftOf(name: string, { limits }: StatuslineFacts, paint: Paint): string {
  const limit = limits.find((one) => labelLimit(one) === name);
  return limit ? describeLeft(limit, paint) : '';
}

/** `62%`, in colour when little is left; `renewed` where nobody has said yet what is used of the new window. */
function describeLeft({ leftPercent }: LimitWindow, paint: Paint): string {
  if (leftPercent === undefined) return 'renewed';
  const text = `${Math.floor(leftPercent)}%`;
  const style = styleLeft(leftPercent);
  return style ? paint(style, text) : text;
}

/** Little left is yellow, next to nothing red. */
function styleLeft(leftPercent: number): Style | undefined {
  if (leftPercent < 10) return 'red';
  return leftPercent < 25 ? 'yellow' : undefined;
}

function cents(figures: Figures): string {
  return figures.responses === 0 ? formatCents(0) : describeCost(figures, { cost: formatCents });
}

function equals(a: Figures, b: Figures): boolean {
  return a.responses === b.responses && a.costNanoUsd === b.costNanoUsd;
}

const LONGEST_ID = 20;

function shorten(id: string): string {
  return id.length <= LONGEST_ID ? id : `${id.slice(0, LONGEST_ID - 1)}…`;
}
