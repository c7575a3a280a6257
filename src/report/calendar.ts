import { readlinkSync } from 'node:fs';
import type { OffsetChange } from '../store/period-queries.js';
import type { BudgetPeriod, Period } from '../usage/budget.js';

/** A calendar day in the reader's time zone, as the number of days since 1970-01-01. Some last 23 or 25 hours. */
export type Day = number;

export interface Calendar {
  /** An IANA name. */
  readonly timeZone: string;
  dayOf(ms: number): Day;
  /** The first moment of `day` in epoch milliseconds. Where summer time begins at midnight, that is not midnight. */
  startOf(day: Day): number;
  /** Lists the offsets of local time from UTC between two moments. The first entry holds at `fromMs`. */
  listOffsets(fromMs: number, untilMs: number): OffsetChange[];
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** No time zone has ever changed its offset twice within this time. */
const PROBE_MS = 7 * DAY_MS;

/** `timeZone` is an IANA name; undefined means the system's. Throws a RangeError on a zone that does not exist. */
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

export interface Clock {
  /** `2026-11-22 14:03` */
  formatMinute(ms: number): string;
  /** `14:03:27` */
  formatTime(ms: number): string;
}

/** `timeZone` is an IANA name; undefined means the system's. Throws a RangeError on a zone that does not exist. */
export function createClock(timeZone: string | undefined): Clock {
  // Sweden's locale writes dates as ISO 8601 does.
  const minute = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  const time = new Intl.DateTimeFormat('sv-SE', { timeZone, timeStyle: 'medium' });
  return { formatMinute: (ms) => minute.format(ms), formatTime: (ms) => time.format(ms) };
}

/** `2026-11-24` */
export function formatDay(day: Day): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** Parses `2026-11-24` or `20261124`. Returns undefined for anything else, and for days such as 30 February. */
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

/** Returns the day, the week from Monday or the month around a moment (epoch milliseconds). */
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

/** Finds the minute in which the offset changes between two moments whose offsets differ. */
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

interface TimeZone {
  /** An IANA name. */
  readonly name: string;
  /** By how much local time is ahead of UTC at a moment (epoch milliseconds), in milliseconds. */
  offsetAt(ms: number): number;
}

/** `name` is an IANA name; undefined means the system's zone. Throws a RangeError on a zone that does not exist. */
export function findTimeZone(name: string | undefined): TimeZone {
  if (name === undefined) return systemZone;
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  return { name: format.resolvedOptions().timeZone, offsetAt: (ms) => parseOffset(format.format(ms)) };
}

// The system's own zone is known without Intl, which takes Node 15 ms to load: a quarter of its own start.
const systemZone: TimeZone = {
  get name() {
    return readLocalTime() ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
  },
  offsetAt: (ms) => 0 - new Date(ms).getTimezoneOffset() * MINUTE_MS,
};

/** Where TZ names no zone, Linux and macOS do: `/etc/localtime` is a link to `…/zoneinfo/Europe/Berlin`. */
function readLocalTime(): string | undefined {
  if (process.env.TZ !== undefined) return undefined;
  try {
    const name = /zoneinfo\/([A-Z]\w+\/[\w/+-]+|UTC)$/.exec(readlinkSync('/etc/localtime'))?.[1];
    if (name === 'Etc/UTC') return 'UTC';
    return name?.startsWith('Etc/') ? undefined : name;
  } catch {
    return undefined;
  }
}

/** Parses the offset of `11/24/2026, GMT+05:45` into milliseconds: 20,700,000. UTC itself can be written `GMT` alone. */
function parseOffset(formatted: string): number {
  const [, sign, hours, minutes = '0', seconds = '0'] =
    /GMT(?:([+\-−])(\d{1,2}):?(\d{2})?:?(\d{2})?)?$/.exec(formatted) ?? [];
  if (hours === undefined) return 0;
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === '+' ? ms : -ms;
}
