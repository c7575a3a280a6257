import { type Day, parseDay } from '../../report/calendar.js';
import { normaliseTimeZone } from '../../usage/day.js';
import { InvalidValue } from './description.js';

/** A whole number above zero. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count > 0) return count;
  throw new InvalidValue('Use a whole number above zero.');
}

export function parseTimeZone(name: string): string {
  const zone = normaliseTimeZone(name);
  if (zone !== undefined) return zone;
  throw new InvalidValue('Use an IANA name, such as Europe/Berlin or UTC.');
}

export function parseDate(text: string): Day {
  const day = parseDay(text);
  if (day === undefined) throw new InvalidValue('Use a day such as 2026-11-24 or 20261124.');
  return day;
}
