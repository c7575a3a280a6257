import { type Day, formatDay, startOfWeek, weekdayOf } from './calendar.js';
import type { Paint } from './paint.js';
import { cutText, measureWidth, type TableOptions } from './table.js';

export interface HeatmapOptions extends TableOptions {
  /** The first and the last day that it may show; it shows the newest weeks that fit. */
  readonly first: Day;
  readonly last: Day;
  /** 0 is Sunday. */
  readonly firstWeekday: number;
  readonly formatAmount: (amount: number) => string;
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** From little to much. They can be distinguished without colours, too. */
const SHADES = ['░░', '▒▒', '▓▓', '██'];
const NONE = '· ';
const OUTSIDE = '  ';
const MARGIN = 5;

/** Draws a calendar with a column for each week, darker where more was used, and below it what the shades mean. */
export function renderHeatmap(amounts: ReadonlyMap<Day, number>, options: HeatmapOptions): string[] {
  const { first, last, firstWeekday, width, paint, formatAmount } = options;
  const fitting = Math.floor((width - MARGIN) / 2);
  const lastWeek = startOfWeek(last, firstWeekday);
  const count = Math.min(fitting, (lastWeek - startOfWeek(first, firstWeekday)) / 7 + 1);
  const weeks = Array.from({ length: count }, (_, index) => lastWeek - 7 * (count - 1 - index));
  const bounds = findBounds([...amounts].filter(([day]) => day >= (weeks[0] ?? first)).map(([, amount]) => amount));
  const draw = (day: Day) => {
    if (day < first || day > last) return OUTSIDE;
    const amount = amounts.get(day) ?? 0;
    return amount <= 0 ? paint('gray', NONE) : paint('green', shadeOf(amount, bounds));
  };
  const rows = Array.from({ length: 7 }, (_, index) => {
    const weekday = WEEKDAYS[(firstWeekday + index) % 7] ?? '';
    return `${paint('gray', weekday.padEnd(MARGIN))}${weeks.map((week) => draw(week + index)).join('')}`.trimEnd();
  });
  return [paint('gray', labelMonths(weeks)), ...rows, '', ...explain(bounds, paint, formatAmount)];
}

/** Returns the amounts above which the second, third and fourth shade begin: each has a quarter of the days. */
function findBounds(amounts: readonly number[]): number[] {
  const sorted = amounts.filter((amount) => amount > 0).sort((a, b) => a - b);
  return [0.25, 0.5, 0.75].map((share) => sorted[Math.ceil(sorted.length * share) - 1] ?? 0);
}

function shadeOf(amount: number, bounds: readonly number[]): string {
  return SHADES[bounds.filter((bound) => amount > bound).length] ?? '';
}

/** Writes a month's name above the week of its first day, where there is room for it. */
function labelMonths(weeks: readonly Day[]): string {
  let line = ' '.repeat(MARGIN);
  weeks.forEach((week, index) => {
    const month = formatDay(week + 6).slice(5, 7);
    const isNew = index === 0 || month !== formatDay(week - 1).slice(5, 7);
    const column = MARGIN + 2 * index;
    if (isNew && line.trimEnd().length < column) line = `${line.padEnd(column)}${MONTHS[Number(month) - 1]}`;
  });
  return line;
}

function explain(bounds: readonly number[], paint: Paint, formatAmount: (amount: number) => string): string[] {
  const distinct = bounds.filter((bound, index) => bound > 0 && bounds.indexOf(bound) === index);
  if (distinct.length < bounds.length) return [];
  const parts = bounds.map((bound, index) => `${paint('green', SHADES[index] ?? '')} to ${formatAmount(bound)}`);
  return [`${' '.repeat(MARGIN)}${[...parts, `${paint('green', SHADES[3] ?? '')} more`].join('  ')}`];
}

/** `Tue` */
export function nameWeekday(day: Day): string {
  return WEEKDAYS[weekdayOf(day)] ?? '';
}

interface Bar {
  readonly label: string;
  readonly amount: number;
  readonly text: string;
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const WIDEST_BAR = 72;
const NARROWEST_BAR = 8;
const BAR_GAP = 2;

/** Draws a line for each bar, as long as its share of the largest. */
export function renderBars(bars: readonly Bar[], width: number, paint: Paint): string[] {
  const most = Math.max(...bars.map(({ amount }) => amount));
  const textWidth = Math.max(...bars.map(({ text }) => measureWidth(text)));
  const room = Math.max(NARROWEST_BAR, width - textWidth - NARROWEST_BAR - 2 * BAR_GAP);
  const labelWidth = Math.min(room, Math.max(...bars.map(({ label }) => measureWidth(label))));
  const barWidth = Math.min(WIDEST_BAR, Math.max(NARROWEST_BAR, width - labelWidth - textWidth - 2 * BAR_GAP));
  return bars.map(({ label, amount, text }) => {
    const bar = most > 0 ? drawBar((amount / most) * barWidth) : '';
    const name = cutText(label, labelWidth);
    const padding = ' '.repeat(labelWidth - measureWidth(name) + BAR_GAP);
    const rest = ' '.repeat(barWidth - bar.length + BAR_GAP + textWidth - measureWidth(text));
    return `${name}${padding}${bar && paint('green', bar)}${rest}${text}`.trimEnd();
  });
}

/** What is more than nothing has at least an eighth of a block. */
function drawBar(length: number): string {
  if (length <= 0) return '';
  const eighths = Math.max(1, Math.round(length * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}

/** Draws `share` as full blocks and the rest as light ones. What is more than nothing has one block at least. */
export function drawGauge(share: number, width: number): string {
  const full = share <= 0 ? 0 : Math.min(width, Math.max(1, Math.round(share * width)));
  return '█'.repeat(full) + '░'.repeat(width - full);
}

/** Returns a cell without the gauge that it begins with. */
export function withoutGauge(cell: string): string {
  return cell.replace(/^[█░]+ +/, '');
}
