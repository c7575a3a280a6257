import type { OffsetChange } from '../store/period-queries.js';
import type { BudgetPeriod, Period } from '../usage/budget.js';
import { findTimeZone } from './time-zone.js';

/** A day of the reader, counted from 1970-01-01: it has no length of its own, for some last 23 or 25 hours. */
export type Day = number;

/** The reader's days. */
export interface Calendar {
  /** An IANA name. */
  readonly timeZone: string;
  dayOf(ms: number): Day;
  /** The first moment of `day`, epoch milliseconds: not always midnight, where summer time begins at midnight. */
  startOf(day: Day): number;
  /** How local time differs from UTC from `fromMs` to `untilMs`: the first entry holds at `fromMs`. */
  listOffsets(fromMs: number, untilMs: number): OffsetChange[];
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** No time zone has changed its offset twice within so short a time. */
const PROBE_MS = 7 * DAY_MS;

/** `timeZone` is an IANA name; undefined is the system's. Throws a RangeError on a zone that does not exist. */
export function createCalendar(timeZone: string | undefined): Calendar {
  const zone = findTimeZone(timeZone);
  const { offsetAt } = zone;
  const dayOf = (ms: number) => Math.floor((ms + offsetAt(ms)) / DAY_MS);
  return {
    get timeZone() {
      return zone.name;
    },
    dayOf,
    startOf(day) {
      const local = day * DAY_MS;
      const offsets = [offsetAt(local - DAY_MS), offsetAt(local + DAY_MS)];
      const moments = offsets.map((offset) => local - offset).sort((a, b) => a - b);
      return moments.find((ms) => dayOf(ms) >= day) ?? Math.max(...moments);
    },
    listOffsets(fromMs, untilMs) {
      const changes = [{ fromMs, offsetMs: offsetAt(fromMs) }];
      let before = fromMs;
      while (before < untilMs) {
        const after = Math.min(before + PROBE_MS, untilMs);
        if (offsetAt(before) !== offsetAt(after)) {
          const changeMs = findChange(offsetAt, before, after);
          changes.push({ fromMs: changeMs, offsetMs: offsetAt(changeMs) });
        }
        before = after;
      }
      return changes;
    },
  };
}

/** `2026-11-24` */
export function formatDay(day: Day): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** The day of `2026-11-24` or `20261124`; undefined for anything else, 30 February too. */
export function parseDay(text: string): Day | undefined {
  const parts = /^(\d{4})-?(\d{2})-?(\d{2})$/.exec(text);
  if (!parts || (text.length !== 8 && text.length !== 10)) return undefined;
  const date = parts.slice(1).join('-');
  const ms = Date.parse(date);
  return Number.isNaN(ms) || formatDay(ms / DAY_MS) !== date ? undefined : ms / DAY_MS;
}

/** 0 is Sunday, as for Date. */
export function weekdayOf(day: Day): number {
  return (((day + 4) % 7) + 7) % 7;
}

export function startOfWeek(day: Day, firstWeekday: number): Day {
  return day - ((weekdayOf(day) - firstWeekday + 7) % 7);
}

/** The first day of the month that is `months` after that of `day`. */
export function startOfMonth(day: Day, months = 0): Day {
  const date = new Date(day * DAY_MS);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, 1) / DAY_MS;
}

/** The day, the week from Monday or the month around a moment (epoch milliseconds). */
export function findPeriod(calendar: Calendar, period: BudgetPeriod, atMs: number): Period {
  const day = calendar.dayOf(atMs);
  const [first, next] = {
    day: [day, day + 1],
    week: [startOfWeek(day, MONDAY), startOfWeek(day, MONDAY) + 7],
    month: [startOfMonth(day), startOfMonth(day, 1)],
  }[period] as [Day, Day];
  return { startMs: calendar.startOf(first), endMs: calendar.startOf(next) };
}

const MONDAY = 1;

/** The first minute of the new offset, between `before` of the old one and `after` of the new one. */
function findChange(offsetAt: (ms: number) => number, before: number, after: number): number {
  const old = offsetAt(before);
  let [low, high] = [Math.floor(before / MINUTE_MS), Math.ceil(after / MINUTE_MS)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(middle * MINUTE_MS) === old) low = middle;
    else high = middle;
  }
  return high * MINUTE_MS;
}
