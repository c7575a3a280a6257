import { cleanText, formatCents } from './amounts.js';
import type { Figures } from './figures.js';
import { describeCost } from './figures-text.js';
import { type LimitWindow, labelLimit, styleLeft } from './limits.js';
import type { Spending } from './live.js';
import type { Paint } from './paint.js';

export interface StatuslineFacts {
  readonly spending: Spending;
  /** The newest run, if it runs or ran today. */
  readonly run: { readonly id: string; readonly figures: Figures } | undefined;
  readonly running: number;
  readonly limits: readonly LimitWindow[];
}

/** Returns the text of a placeholder; empty when there is nothing to show. */
type Placeholder = (facts: StatuslineFacts, paint: Paint) => string;

const PLACEHOLDERS: Readonly<Record<string, Placeholder>> = {
  today: ({ spending }) => cents(spending.today),
  run: ({ run }) => (run ? cents(run.figures) : ''),
  run_id: ({ run }) => cleanText(run?.id ?? ''),
  rate: ({ spending }) => `${formatCents(spending.perHourNanoUsd)}/h`,
  running: ({ running }) => String(running),
  windows: ({ limits }, paint) => limits.map((limit) => describeWindow(limit, paint)).join(SEPARATOR),
  '5h': (facts, paint) => leftOf('5h', facts, paint),
  week: (facts, paint) => leftOf('week', facts, paint),
};

export const PLACEHOLDER_NAMES: readonly string[] = Object.keys(PLACEHOLDERS);

const SEPARATOR = ' · ';

/** How much room there is, in cells of a terminal, and what measures and cuts text: it takes longer to load than the line to make. */
export interface Room {
  readonly width: number;
  readonly measure: (text: string) => number;
  readonly cut: (text: string, width: number) => string;
}

/**
 * Renders the line for which no format is given: today, the run, the rate while money is spent, and the windows. Where that
 * is wider than the room, what matters least goes first: the rate, the later windows, the run, the first window. What is left
 * is cut.
 */
export function renderStatusline(facts: StatuslineFacts, paint: Paint, room?: Room): string {
  const { spending, run, limits } = facts;
  const isRunShown = run && !equals(run.figures, spending.today);
  let parts = [
    { text: `codex ${fill('today', facts, paint)} today`, rank: 0 },
    { text: isRunShown ? `${shorten(cleanText(run.id))} ${fill('run', facts, paint)}` : '', rank: 2 },
    { text: spending.perHourNanoUsd > 0 ? fill('rate', facts, paint) : '', rank: 4 },
    ...limits.map((limit, index) => ({ text: describeWindow(limit, paint), rank: index === 0 ? 1 : 3 })),
  ].filter(({ text }) => text !== '');
  const join = () => parts.map(({ text }) => text).join(SEPARATOR);
  for (const rank of [4, 3, 2, 1]) {
    if (!room || room.measure(join()) <= room.width) break;
    parts = parts.filter((part) => part.rank !== rank);
  }
  return cutTo(room, join());
}

/** Fills in the `{placeholders}` of `format`, and cuts what the room is too narrow for. */
export function fillFormat(format: string, facts: StatuslineFacts, paint: Paint, room?: Room): string {
  const filled = format.replaceAll(PLACEHOLDER, (whole, name: string) => PLACEHOLDERS[name]?.(facts, paint) ?? whole);
  return cutTo(room, filled);
}

function cutTo(room: Room | undefined, text: string): string {
  return room && room.measure(text) > room.width ? room.cut(text, room.width).trimEnd() : text;
}

/** Lists the placeholders of `format` that do not exist. */
export function findUnknownPlaceholders(format: string): string[] {
  return [...format.matchAll(PLACEHOLDER)].flatMap(([whole, name = '']) => (name in PLACEHOLDERS ? [] : whole));
}

const PLACEHOLDER = /\{(\w+)\}/g;

function fill(name: string, facts: StatuslineFacts, paint: Paint): string {
  return PLACEHOLDERS[name]?.(facts, paint) ?? '';
}

/** `5h 62% left`, `week renewed` */
function describeWindow(limit: LimitWindow, paint: Paint): string {
  const left = limit.leftPercent === undefined ? '' : ' left';
  return `${cleanText(labelLimit(limit))} ${describeLeft(limit, paint)}${left}`;
}

function leftOf(name: string, { limits }: StatuslineFacts, paint: Paint): string {
  const limit = limits.find((one) => labelLimit(one) === name);
  return limit ? describeLeft(limit, paint) : '';
}

/** `62%`, in colour when little is left; `renewed` while the use of a new window is not known. */
function describeLeft({ leftPercent }: LimitWindow, paint: Paint): string {
  if (leftPercent === undefined) return 'renewed';
  const text = `${Math.floor(leftPercent)}%`;
  const style = styleLeft(leftPercent);
  return style ? paint(style, text) : text;
}

function cents(figures: Figures): string {
  return figures.responses === 0 ? formatCents(0) : describeCost(figures, { cost: formatCents });
}

function equals(a: Figures, b: Figures): boolean {
  return a.responses === b.responses && a.costNanoUsd === b.costNanoUsd;
}

const LONGEST_ID = 20;

function shorten(id: string): string {
  const characters = [...id];
  return characters.length <= LONGEST_ID ? id : `${characters.slice(0, LONGEST_ID - 1).join('')}…`;
}
