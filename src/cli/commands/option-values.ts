import { InvalidArgumentError } from 'commander';
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
