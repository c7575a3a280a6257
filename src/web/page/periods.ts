export type Period = 'daily' | 'weekly' | 'monthly';

const DAY_MS = 86_400_000;
/** More bars than that say less than those that hold something. */
const MOST_KEYS = 400;

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
  if (period !== 'monthly') {
    return new Date(Date.parse(key) + (period === 'weekly' ? 7 : 1) * DAY_MS).toISOString().slice(0, 10);
  }
  const date = new Date(key);
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)).toISOString().slice(0, 7);
}

/** The last day of the day, week or month that `key` names: `2026-11-30` of `2026-11`. */
export function lastDayOf(key: string, period: Period): string {
  if (period === 'daily') return key;
  const date = new Date(key);
  if (period === 'weekly') date.setUTCDate(date.getUTCDate() + 6);
  else date.setUTCMonth(date.getUTCMonth() + 1, 0);
  return date.toISOString().slice(0, 10);
}
