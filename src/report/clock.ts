/** Times as the reader's time zone writes them. */
export interface Clock {
  /** `2026-11-22 14:03` */
  formatMinute(ms: number): string;
  /** `14:03:27` */
  formatTime(ms: number): string;
}

/** `timeZone` is an IANA name; undefined is the system's. Throws a RangeError on a zone that does not exist. */
export function createClock(timeZone: string | undefined): Clock {
  // Sweden writes ISO 8601.
  const minute = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  const time = new Intl.DateTimeFormat('sv-SE', { timeZone, timeStyle: 'medium' });
  return { formatMinute: (ms) => minute.format(ms), formatTime: (ms) => time.format(ms) };
}
