import type { PeriodEntry, UsageGroup } from './usage-answers.js';

export type Period = 'daily' | 'weekly' | 'monthly';

/** How a period is called, and how many of its entries one can choose to see: so many of the last ones. */
interface PeriodWords {
  readonly name: string;
  readonly title: string;
  readonly heading: string;
  readonly unit: string;
  readonly lasts: readonly string[];
  readonly usualLast: string;
}

export const PERIODS: Readonly<Record<Period, PeriodWords>> = {
  daily: {
    ...{ name: 'Daily', title: 'Day by day', heading: 'Day' },
    ...{ unit: 'days', lasts: ['7', '30', '90', '365'], usualLast: '30' },
  },
  weekly: {
    ...{ name: 'Weekly', title: 'Week by week', heading: 'Week from' },
    ...{ unit: 'weeks', lasts: ['4', '12', '26', '52'], usualLast: '26' },
  },
  monthly: {
    ...{ name: 'Monthly', title: 'Month by month', heading: 'Month' },
    ...{ unit: 'months', lasts: ['3', '6', '12', '24'], usualLast: '12' },
  },
};

const DAY_MS = 86_400_000;
/** More bars than that say less than those that hold something. */
const MOST_KEYS = 400;

/** The report of a group, by what the view's period calls its entries. */
export function entriesOf(group: UsageGroup, period: Period): readonly PeriodEntry[] {
  return group.range?.[period] ?? [];
}

/** The day, week or month of an entry; empty for a total. */
export function keyOf({ date, week, month }: PeriodEntry): string {
  return date ?? week ?? month ?? '';
}

/** The days, weeks or months from the first of `keys` to today, those without usage too: a gap is a fact. */
export function listKeys(keys: readonly string[], period: Period, today: string): string[] {
  const [first] = keys;
  const last = keys.at(-1);
  if (first === undefined || last === undefined) return [];
  const end = period === 'monthly' ? today.slice(0, 7) : today;
  const listed: string[] = [];
  for (let key = first; key <= (last > end ? last : end); key = nextKey(key, period)) {
    listed.push(key);
    if (listed.length > MOST_KEYS) return [...keys];
  }
  return listed;
}

function nextKey(key: string, period: Period): string {
  const next = new Date(Date.parse(lastDayOf(key, period)) + DAY_MS).toISOString();
  return next.slice(0, key.length);
}

/** The last day of the day, week or month that `key` names: `2026-11-30` of `2026-11`. */
export function lastDayOf(key: string, period: Period): string {
  const date = new Date(key);
  if (period === 'weekly') date.setUTCDate(date.getUTCDate() + 6);
  if (period === 'monthly') date.setUTCMonth(date.getUTCMonth() + 1, 0);
  return date.toISOString().slice(0, 10);
}
