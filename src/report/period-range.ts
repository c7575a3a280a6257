import { type Calendar, type Day, startOfMonth, startOfWeek } from './calendar.js';

/** What a report over time has a row for. */
export type PeriodKind = 'daily' | 'weekly' | 'monthly' | 'model' | 'project' | 'phase';

/** Which days a report is about, as it is asked for. */
export interface RangeWish {
  readonly kind: PeriodKind;
  /** The first day. */
  readonly since?: Day | undefined;
  /** The last day, inclusive. */
  readonly until?: Day | undefined;
  /** So many of its units (days, weeks, months; days of other reports) up to `until` or today. */
  readonly last?: number | undefined;
  /** 0 is Sunday. */
  readonly firstWeekday: number;
}

/** Days, both inclusive; undefined where there is no end to it. */
export interface DayRange {
  readonly since: Day | undefined;
  readonly until: Day | undefined;
}

export function isOverTime(kind: PeriodKind): boolean {
  return kind === 'daily' || kind === 'weekly' || kind === 'monthly';
}

export function resolveRange({ kind, since, until, last, firstWeekday }: RangeWish, today: Day): DayRange {
  if (last === undefined) return { since, until };
  const end = until ?? today;
  switch (kind) {
    case 'weekly':
      return { since: startOfWeek(end, firstWeekday) - 7 * (last - 1), until: end };
    case 'monthly':
      return { since: startOfMonth(end, 1 - last), until: end };
    case 'daily':
    case 'model':
    case 'project':
    case 'phase':
      return { since: end - last + 1, until: end };
  }
}

/** The moments of `range`: `untilMs` is exclusive. */
export function toMoments({ since, until }: DayRange, calendar: Calendar) {
  return {
    fromMs: since === undefined ? undefined : calendar.startOf(since),
    untilMs: until === undefined ? undefined : calendar.startOf(until + 1),
  };
}
