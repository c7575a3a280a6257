import { readlinkSync } from 'node:fs';

export interface TimeZone {
  /** An IANA name. */
  readonly name: string;
  /** By how much local time is ahead of UTC at a moment (epoch milliseconds), in milliseconds. */
  offsetAt(ms: number): number;
}

const MINUTE_MS = 60_000;

/** `name` is an IANA name; undefined is the system's zone. Throws a RangeError on a zone that does not exist. */
export function findTimeZone(name: string | undefined): TimeZone {
  if (name === undefined) return systemZone;
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  return { name: format.resolvedOptions().timeZone, offsetAt: (ms) => parseOffset(format.format(ms)) };
}

/** The system's own is known without Intl, which takes Node 15 ms to load: a quarter of its own start. */
const systemZone: TimeZone = {
  get name() {
    return readLocalTime() ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
  },
  offsetAt: (ms) => 0 - new Date(ms).getTimezoneOffset() * MINUTE_MS,
};

/** As Linux and macOS name the zone where TZ does not: `/etc/localtime` is a link to `…/zoneinfo/Europe/Berlin`. */
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

/** `11/24/2026, GMT+05:45` is 20,700,000; UTC itself can be `GMT` alone. */
function parseOffset(formatted: string): number {
  const [, sign, hours, minutes = '0', seconds = '0'] =
    /GMT(?:([+\-−])(\d{1,2}):?(\d{2})?:?(\d{2})?)?$/.exec(formatted) ?? [];
  if (hours === undefined) return 0;
  const ms = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === '+' ? ms : -ms;
}
