import type { Connection } from '../store/open.js';
import { readSums, type UsageFilter } from '../store/period-queries.js';
import { type Calendar, type Day, formatDay, startOfMonth } from './calendar.js';

/** How fast money is spent. Costs are undefined where no response has a price. */
export interface Pace {
  /** The days with usage, and all days from the first to the last one of the report, up to today. */
  readonly activeDays: number;
  readonly calendarDays: number;
  /** Each quarter of an hour with usage counts a quarter. */
  readonly activeHours: number;
  readonly nanoUsdPerActiveDay: number | undefined;
  readonly nanoUsdPerCalendarDay: number | undefined;
  readonly nanoUsdPerActiveHour: number | undefined;
}

export function describePace(
  active: Pick<Pace, 'activeDays' | 'calendarDays' | 'activeHours'>,
  costNanoUsd: number | undefined,
): Pace {
  const per = (count: number) => (costNanoUsd === undefined || count === 0 ? undefined : costNanoUsd / count);
  return {
    ...active,
    nanoUsdPerActiveDay: per(active.activeDays),
    nanoUsdPerCalendarDay: per(active.calendarDays),
    nanoUsdPerActiveHour: per(active.activeHours),
  };
}

/** What the current month will cost if it goes on like the last two weeks. */
export interface MonthForecast {
  /** `2026-11` */
  readonly month: string;
  readonly spentNanoUsd: number;
  readonly forecastNanoUsd: number;
  /** How many days before today the forecast is made from: whole weeks, so that weekends are in it. */
  readonly basisDays: number;
  readonly nanoUsdPerDay: number;
}

const BASIS_DAYS = 14;

/** Makes the forecast of the month that `nowMs` is in, whatever days the report covers; undefined when nothing is known. */
export function forecastMonth(
  connection: Connection,
  filter: UsageFilter,
  calendar: Calendar,
  { nowMs, firstMs }: { readonly nowMs: number; readonly firstMs: number },
): MonthForecast | undefined {
  const today = calendar.dayOf(nowMs);
  const basisDays = Math.min(BASIS_DAYS, today - calendar.dayOf(firstMs));
  if (basisDays <= 0) return undefined;
  const [monthStart, nextMonth] = [startOfMonth(today), startOfMonth(today, 1)];
  const fromMs = calendar.startOf(Math.min(monthStart, today - basisDays));
  const untilMs = calendar.startOf(today + 1);
  const offsets = calendar.listOffsets(fromMs, untilMs);
  const days = readSums(connection, ['day'], { ...filter, fromMs, untilMs }, offsets);
  const spentOn = (from: Day, until: Day) => {
    const within = days.filter(({ day }) => day >= from && day < until);
    return within.reduce((total, { costNanoUsd }) => total + (costNanoUsd ?? 0), 0);
  };
  if (!days.some(({ costNanoUsd }) => costNanoUsd !== null)) return undefined;
  const nanoUsdPerDay = spentOn(today - basisDays, today) / basisDays;
  const spentToday = spentOn(today, today + 1);
  const spentNanoUsd = spentOn(monthStart, today + 1);
  const restOfToday = Math.max(0, nanoUsdPerDay - spentToday);
  return {
    month: formatDay(today).slice(0, 7),
    spentNanoUsd,
    forecastNanoUsd: spentNanoUsd + restOfToday + (nextMonth - today - 1) * nanoUsdPerDay,
    basisDays,
    nanoUsdPerDay,
  };
}
