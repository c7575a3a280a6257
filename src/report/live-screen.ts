import { cleanText, formatCents, formatPlural } from './amounts.js';
import type { Clock } from './calendar.js';
import { drawGauge } from './charts.js';
import { totalTokens } from './figures.js';
import { describeCost } from './figures-text.js';
import { type LimitWindow, labelLimit, styleLeft } from './limits.js';
import type { LiveInvocation, LiveView } from './live.js';
import {
  countTableFrame,
  formatAge,
  isEnded,
  joinParts,
  LINES_PER_CARD,
  type LiveLook,
  renderLiveCards,
  renderLiveTable,
  spread,
} from './live-table.js';
import { cutText, measureWidth, wrapText } from './table.js';

export type LiveSort = 'started' | 'cost' | 'tokens';

export interface LiveOrder {
  readonly by: LiveSort;
  readonly direction: 'down' | 'up';
}

export interface ScreenOptions extends LiveLook {
  readonly clock: Clock;
  /** In lines; undefined means that there is no limit. */
  readonly height: number | undefined;
  readonly order: LiveOrder;
  /** `keys`: the last line says what the keys do. */
  readonly help: 'keys' | 'none';
  /** Why the view is not current, or why there is none. */
  readonly notice: string | undefined;
}

const LIMIT_GAP = '   ';
const RENEWED = ' renewed, not observed since';

/** From this width on, an invocation is a row of a table; below it, a card of three lines. */
const TABLE_WIDTH = 76;

/** Renders the whole view in at most `height` lines of at most `width` cells. */
export function renderScreen(view: LiveView | undefined, options: ScreenOptions): string[] {
  const { width, height, paint, help, notice } = options;
  const top = [
    ...(view ? [renderSummary(view, options), ...renderLimits(view.limits, options)] : []),
    ...wrapText(notice ?? '', width)
      .split('\n')
      .flatMap((line) => (line === '' ? [] : paint('yellow', line))),
  ];
  const bottom = help === 'keys' ? [renderHelp(options)] : [];
  if (!view) return [...top, ...bottom].slice(0, height);
  // A low terminal has no room for empty lines.
  const gaps = height !== undefined && height < 12 ? [] : [''];
  const room = height === undefined ? Number.POSITIVE_INFINITY : height - top.length - bottom.length - 2 * gaps.length;
  const body = renderBody(sortInvocations(view.invocations, options.order), room, options);
  const below = help === 'keys' ? gaps : [];
  const filled =
    height === undefined || help === 'none' ? 0 : height - top.length - body.length - bottom.length - 2 * gaps.length;
  return [...top, ...gaps, ...body, ...Array<string>(Math.max(0, filled)).fill(''), ...below, ...bottom].slice(
    0,
    height,
  );
}

/** Sorts what runs before what has ended, and both as `order` says. */
function sortInvocations(invocations: readonly LiveInvocation[], { by, direction }: LiveOrder): LiveInvocation[] {
  const sign = direction === 'down' ? -1 : 1;
  const amountOf = ({ row, figures }: LiveInvocation): number => {
    if (by === 'cost') return figures.costNanoUsd ?? 0;
    return by === 'tokens' ? totalTokens(figures) : row.startedAtMs;
  };
  return [...invocations].sort((a, b) => Number(isEnded(a)) - Number(isEnded(b)) || sign * (amountOf(a) - amountOf(b)));
}

function renderBody(invocations: readonly LiveInvocation[], room: number, options: ScreenOptions): string[] {
  if (invocations.length === 0) return ['Nothing runs, and nothing ended lately.'].slice(0, Math.max(0, room));
  const isTable = options.width >= TABLE_WIDTH;
  const fits = isTable ? room - countTableFrame(invocations) : Math.floor(room / LINES_PER_CARD);
  const all = invocations.length <= fits;
  const shown = all
    ? invocations
    : invocations.slice(0, Math.max(1, isTable ? fits - 1 : Math.floor((room - 1) / LINES_PER_CARD)));
  const lines = isTable ? renderLiveTable(shown, options) : renderLiveCards(shown, options);
  const more = invocations.length - shown.length;
  return more === 0 ? lines : [...lines, options.paint('gray', `… and ${more} more`)];
}

function renderSummary({ invocations, spending }: LiveView, { width, paint }: ScreenOptions): string {
  const running = invocations.filter((invocation) => !isEnded(invocation)).length;
  const today = spending.today.responses === 0 ? formatCents(0) : describeCost(spending.today, { cost: formatCents });
  const right = joinParts([
    `today ${today}`,
    spending.perHourNanoUsd > 0 ? `${formatCents(spending.perHourNanoUsd)}/h` : '',
  ]);
  const left = running === 0 ? 'nothing runs' : `${formatPlural(running, 'invocation')} running`;
  // Where both do not fit, the money matters more.
  const title = measureWidth(left) + measureWidth(right) + 2 <= width ? left : `${running} running`;
  return spread(title, right, width, (a, b) => paint('bold', a) + b);
}

function renderLimits(limits: readonly LimitWindow[], options: ScreenOptions): string[] {
  const parts = limits.map((limit) => describeLimit(limit, options));
  if (parts.length === 0) return [];
  if (measureWidth(parts.map(({ name, text }) => name + text).join(LIMIT_GAP)) <= options.width) {
    return [parts.map(({ name, painted }) => name + painted).join(LIMIT_GAP)];
  }
  const nameWidth = Math.max(...parts.map(({ name }) => measureWidth(name)));
  return parts.map(({ name, text, painted }) => {
    const padding = ' '.repeat(nameWidth - measureWidth(name));
    const isCut = nameWidth + measureWidth(text) > options.width;
    return isCut ? cutText(name + padding + text, options.width) : name + padding + painted;
  });
}

/** `5h ███░░ 62% left, resets 16:20 (in 2h)` */
function describeLimit(limit: LimitWindow, options: ScreenOptions) {
  const { paint } = options;
  const name = cleanText(labelLimit(limit));
  const { leftPercent, resetsAtMs } = limit;
  if (leftPercent === undefined) return { name, text: RENEWED, painted: RENEWED };
  const left = ` ${drawGauge(leftPercent / 100, 5)} ${Math.floor(leftPercent)}% left`;
  const resets = describeReset(resetsAtMs, options);
  const style = styleLeft(leftPercent);
  return { name, text: left + resets, painted: (style ? paint(style, left) : left) + paint('gray', resets) };
}

function describeReset(resetsAtMs: number | undefined, { nowMs, clock, width }: ScreenOptions): string {
  if (resetsAtMs === undefined) return '';
  const relative = formatAge(resetsAtMs - nowMs);
  if (width < TABLE_WIDTH) return `, resets in ${relative}`;
  const soon = resetsAtMs - nowMs < 20 * 3_600_000;
  const moment = soon ? clock.formatTime(resetsAtMs).slice(0, 5) : clock.formatMinute(resetsAtMs);
  return `, resets ${moment} (in ${relative})`;
}

const KEYS: readonly (readonly [LiveSort, string, string])[] = [
  ['started', 's', 'start'],
  ['cost', 'c', 'cost'],
  ['tokens', 't', 'tokens'],
];

function renderHelp({ width, paint, order }: ScreenOptions): string {
  const arrow = order.direction === 'down' ? '↓' : '↑';
  const keys = KEYS.map(([by, key, word]) => `${key} ${word}${order.by === by ? arrow : ''}`);
  return paint('gray', cutText(`sort: ${keys.join(' ')} · q quit`, width));
}
