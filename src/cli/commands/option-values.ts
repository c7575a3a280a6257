import { InvalidArgumentError } from 'commander';
import { type Day, parseDay } from '../../report/calendar.js';
import { normaliseTimeZone } from '../../usage/day.js';

/** A whole number above zero. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count > 0) return count;
  throw new InvalidArgumentError('Use a whole number above zero.');
}

export function parseTimeZone(name: string): string {
  const zone = normaliseTimeZone(name);
  if (zone !== undefined) return zone;
  throw new InvalidArgumentError('Use an IANA name, such as Europe/Berlin or UTC.');
}

export function parseDate(text: string): Day {
  const day = parseDay(text);
  if (day === undefined) throw new InvalidArgumentError('Use a day such as 2026-11-24 or 20261124.');
  return day;
}
