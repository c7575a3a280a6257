import type { EChartsCoreOption } from 'echarts/core';
import type { Provider } from '../answers.js';
import { formatCompact, formatFullDay, formatUsd } from '../format.js';
import { PROVIDER_NAMES } from '../names.js';
import type { CalendarDay } from '../usage-answers.js';
import { type Frame, type Theme, tooltipOf } from './theme.js';

const DAY_MS = 86_400_000;
const LEFT_PX = 34;
const TOP_PX = 22;
const WEEKS = 53;
const MONTHS = Array.from({ length: 12 }, (_, month) => nameOf({ month: 'short' }, Date.UTC(2024, month, 1)));
/** From Sunday on. */
const WEEKDAYS = Array.from({ length: 7 }, (_, day) => nameOf({ weekday: 'short' }, Date.UTC(2024, 0, 7 + day)));

/** How high the calendar is where it is `width` wide. */
export function measureCalendar(width: number): number {
  return TOP_PX + 7 * measureCell(width) + 4;
}

interface Day {
  readonly date: string;
  readonly parts: readonly CalendarDay[];
  readonly costUsd: number;
}

/**
 * A calendar of the days up to `today`, as many weeks as there is room for. Each day is filled in its provider's
 * colour, stronger the more it cost; a day of several is divided between them from the bottom up.
 */
export function drawCalendar(
  days: readonly CalendarDay[],
  { today, providers }: { readonly today: string; readonly providers: readonly Provider[] },
  { theme, width }: Frame,
): EChartsCoreOption {
  const cell = measureCell(width);
  const from = firstDay(today, Math.max(4, Math.min(WEEKS, Math.floor((width - LEFT_PX) / cell))));
  const cells = listDays(days, from, today, providers);
  const most = findMostUsd(days);
  return {
    calendar: {
      range: [from, today],
      left: LEFT_PX,
      top: TOP_PX,
      cellSize: [cell, cell],
      splitLine: { show: false },
      // ECharts draws these cells above the days. With any colour, even a transparent one, they would get the pointer's events.
      itemStyle: { color: 'none', borderWidth: 0 },
      silent: true,
      yearLabel: { show: false },
      monthLabel: { nameMap: MONTHS, color: theme.muted, fontSize: 11 },
      dayLabel: {
        firstDay: 1,
        nameMap: WEEKDAYS.map((name, day) => (day % 2 === 1 ? name : '')),
        color: theme.muted,
        fontSize: 11,
      },
    },
    tooltip: tooltipOf<{ dataIndex: number }>(theme, ({ dataIndex }) => describeDay(cells[dataIndex])),
    series: {
      type: 'custom',
      coordinateSystem: 'calendar',
      data: cells.map(({ date, costUsd }) => [date, costUsd]),
      renderItem: (params: { dataIndex: number }, api: { coord(value: unknown): number[] }) => {
        const day = cells[params.dataIndex];
        const [x = 0, y = 0] = api.coord(day?.date);
        return day && drawDay(day, { x: x - cell / 2 + 1, y: y - cell / 2 + 1, size: cell - 2 }, most, theme);
      },
    },
  };
}

/** The cost of the most expensive of `days`, in USD: the end of the scale. */
export function findMostUsd(days: readonly CalendarDay[]): number {
  const sums = new Map<string, number>();
  for (const { date, costUsd } of days) sums.set(date, (sums.get(date) ?? 0) + (costUsd ?? 0));
  return Math.max(...sums.values(), 0);
}

/**
 * The opacity of a day that cost `share` (0 to 1) of the most expensive one. A square root, so that one expensive day does not
 * make all others look the same.
 */
export function strengthOf(share: number): number {
  return 0.25 + 0.75 * Math.sqrt(share);
}

/** The pixels that each side of a day has where the calendar is `width` wide. */
export function measureCell(width: number): number {
  return Math.max(14, Math.min(23, Math.floor((width - LEFT_PX) / WEEKS)));
}

function drawDay(day: Day, { x, y, size }: { x: number; y: number; size: number }, most: number, theme: Theme) {
  const shape = { x, y, width: size, height: size, r: 2 };
  const ground = { type: 'rect', shape, style: { fill: theme.nothing } };
  const strength = strengthOf(day.costUsd / most);
  let bottom = y + size;
  const fills = day.parts.map(({ provider, costUsd }) => {
    const height = (size * (costUsd ?? 0)) / day.costUsd;
    bottom -= height;
    const style = { fill: theme.providers[provider], opacity: strength };
    return { type: 'rect', shape: { x, y: bottom, width: size, height }, style };
  });
  return { type: 'group', children: day.costUsd > 0 ? [ground, ...fills] : [ground] };
}

function describeDay(day: Day | undefined): string {
  if (!day) return '';
  const lines = day.parts.map(({ provider, costUsd, totalTokens }) => {
    return `${PROVIDER_NAMES[provider]}  ${costUsd === null ? 'unpriced' : formatUsd(costUsd)}  ${formatCompact(totalTokens)} tokens`;
  });
  return [formatFullDay(day.date), ...(lines.length === 0 ? ['nothing used'] : lines)].join('\n');
}

function listDays(days: readonly CalendarDay[], from: string, today: string, providers: readonly Provider[]): Day[] {
  const byDate = new Map<string, CalendarDay[]>();
  for (const day of days) byDate.set(day.date, [...(byDate.get(day.date) ?? []), day]);
  const dates: Day[] = [];
  for (let ms = Date.parse(from); ms <= Date.parse(today); ms += DAY_MS) {
    const date = formatDate(ms);
    const of = byDate.get(date) ?? [];
    const parts = providers.flatMap((provider) => of.filter((part) => part.provider === provider));
    dates.push({ date, parts, costUsd: parts.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0) });
  }
  return dates;
}

/** The Monday that begins the first of `weeks` weeks, of which the last one holds `today`. */
function firstDay(today: string, weeks: number): string {
  const ms = Date.parse(today);
  const sinceMonday = (new Date(ms).getUTCDay() + 6) % 7;
  return formatDate(ms - (sinceMonday + 7 * (weeks - 1)) * DAY_MS);
}

function formatDate(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

function nameOf(options: Intl.DateTimeFormatOptions, ms: number): string {
  return new Intl.DateTimeFormat('en-US', { ...options, timeZone: 'UTC' }).format(ms);
}
