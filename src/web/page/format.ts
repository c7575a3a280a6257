/**
 * Numbers and times are written in English, like the words of the page and the output of the commands, whatever the language of
 * the browser. In a German browser `45.100` would otherwise stand beside English words, where it reads as forty-five.
 */
const ENGLISH = 'en-US';

const ONE_DIGIT = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
const counts = new Intl.NumberFormat(ENGLISH);
const figures = new Intl.NumberFormat(ENGLISH, { maximumFractionDigits: 6 });
const compact = new Intl.NumberFormat(ENGLISH, { notation: 'compact', maximumFractionDigits: 1 });
const percents = new Intl.NumberFormat(ENGLISH, { style: 'percent', maximumFractionDigits: 0 });
const finePercents = new Intl.NumberFormat(ENGLISH, { ...ONE_DIGIT, style: 'percent' });
const cents = money({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
const fine = money({ minimumFractionDigits: 4, maximumFractionDigits: 4 });
const tiny = money({ maximumSignificantDigits: 2, maximumFractionDigits: undefined });
const round = money({ maximumFractionDigits: 0 });
const minute = new Intl.DateTimeFormat(ENGLISH, { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' });
const clock = new Intl.DateTimeFormat(ENGLISH, { timeStyle: 'medium', hourCycle: 'h23' });
const fullDay = new Intl.DateTimeFormat(ENGLISH, { dateStyle: 'full', timeZone: 'UTC' });
const shortDay = new Intl.DateTimeFormat(ENGLISH, { month: 'short', day: 'numeric', timeZone: 'UTC' });
const localDay = new Intl.DateTimeFormat(ENGLISH, { month: 'short', day: 'numeric' });
const datedDay = new Intl.DateTimeFormat(ENGLISH, { dateStyle: 'medium', timeZone: 'UTC' });
const longMonth = new Intl.DateTimeFormat(ENGLISH, { month: 'long', year: 'numeric', timeZone: 'UTC' });
const shortMonth = new Intl.DateTimeFormat(ENGLISH, { month: 'short', year: '2-digit', timeZone: 'UTC' });
const relative = new Intl.RelativeTimeFormat(ENGLISH, { numeric: 'auto', style: 'short' });
const decimal = new Intl.NumberFormat(ENGLISH, ONE_DIGIT);

function money(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const usd = { style: 'currency', currency: 'USD', currencyDisplay: 'narrowSymbol' } as const;
  return new Intl.NumberFormat(ENGLISH, { ...usd, ...options });
}

/** The digits behind the point with which all amounts of a column are written, so that they can be compared at a glance. */
export type UsdDigits = 2 | 4;

/** Cents where an amount reaches a dollar, hundredths of a cent where all are smaller. */
export function chooseUsdDigits(amounts: readonly (number | null)[]): UsdDigits {
  return amounts.some((usd) => usd !== null && Math.abs(usd) >= 1) ? 2 : 4;
}

/** Dollars: with `digits`, or to the cent, finer below one. What was spent never reads as nothing. */
export function formatUsd(usd: number, digits?: UsdDigits): string {
  const size = Math.abs(usd);
  const format = (digits ?? (size >= 1 || size === 0 ? 2 : 4)) === 2 ? cents : fine;
  const least = format === cents ? 0.005 : 0.00005;
  if (size === 0 || size >= least) return format.format(usd);
  return digits === undefined ? tiny.format(usd) : `<${format.format(2 * least)}`;
}

/** `+$0.02`, `−3.1%` */
export function formatChange(by: number, format: (size: number) => string): string {
  return `${by > 0 ? '+' : by < 0 ? '−' : ''}${format(Math.abs(by))}`;
}

/** Credits: whole ones from a thousand on, finer below. */
export function formatCredits(credits: number): string {
  const digits = credits >= 1000 ? 0 : credits >= 100 ? 1 : credits >= 1 ? 2 : 4;
  return credits.toLocaleString(ENGLISH, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** For a chart. */
export function formatRoundUsd(usd: number): string {
  if (usd >= 10 || usd === 0) return round.format(usd);
  return usd >= 0.01 ? cents.format(usd) : formatUsd(usd);
}

/** A number of any kind, such as a note has: `1,200`, `2.504`. */
export const formatFigure = (value: number) => figures.format(value);

export const formatCount = (count: number) => counts.format(count);

/** `1.2M` */
export const formatCompact = (count: number) => compact.format(count);

/** `share` is from 0 to 1. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.0005) return '<0.1%';
  if (share >= 0.9995 && share < 1) return '>99.9%';
  const isNearEnd = (share > 0.995 && share < 1) || (share > 0 && share < 0.01);
  return isNearEnd ? finePercents.format(share) : percents.format(share);
}

/** With one digit behind the point, for columns and differences. */
export const formatFineShare = (share: number) => finePercents.format(share);

/** The difference of two shares: `2.6 points`. */
export const formatPoints = (share: number) => `${decimal.format(100 * share)} points`;

/** `0.7×`; what is something never reads as nothing. */
export const formatFactor = (factor: number) => (factor > 0 && factor < 0.05 ? '<0.1×' : `${decimal.format(factor)}×`);
export const formatHours = (hours: number) => `${decimal.format(hours)} h`;

/** `0.8s`, `42s`, `4m 12s`, `3h 07m` */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 10) return `${decimal.format(ms / 1000)}s`;
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h ${pad(Math.floor((seconds % 3600) / 60))}m`;
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}

export const formatMinute = (iso: string) => minute.format(new Date(iso));
export const formatClock = (ms: number) => clock.format(ms);
/** `Nov 24`, where the reader is. */
export const formatDayOf = (ms: number) => localDay.format(ms);

/** Days travel as `2026-11-24` and months as `2026-11`: they are the reader's already, so UTC keeps them as they are. */
export const formatDay = (day: string) => shortDay.format(new Date(day));
export const formatDatedDay = (day: string) => datedDay.format(new Date(day));
export const formatFullDay = (day: string) => fullDay.format(new Date(day));
export const formatMonth = (month: string) => longMonth.format(new Date(month));
export const formatShortMonth = (month: string) => shortMonth.format(new Date(month));

/** `5 min. ago`, `in 3 hr.` */
export function formatDistance(iso: string, nowMs: number): string {
  const minutes = Math.round((Date.parse(iso) - nowMs) / 60_000);
  if (Math.abs(minutes) < 60) return relative.format(minutes, 'minute');
  const hours = Math.round(minutes / 60);
  return Math.abs(hours) < 48 ? relative.format(hours, 'hour') : relative.format(Math.round(hours / 24), 'day');
}
