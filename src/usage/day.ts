/** The IANA name of a time zone, as the system writes it; undefined for a zone that does not exist. */
export function normaliseTimeZone(name: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

/** Writes the day of a moment (epoch milliseconds) as a clock in `timeZone` shows it: `YYYY-MM-DD`. Undefined: the system's. */
export function createDayWriter(timeZone: string | undefined): (atMs: number) => string {
  // Sweden writes ISO 8601.
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
  return (atMs) => format.format(atMs);
}
