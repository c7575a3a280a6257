/** Numbers and times as the reader's browser writes them. */

const counts = new Intl.NumberFormat();
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 });
const percents = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 0 });
const finePercents = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });
const cents = money({ minimumFractionDigits: 2, maximumFractionDigits: 2 });
const fine = money({ minimumFractionDigits: 4, maximumFractionDigits: 4 });
const tiny = money({ maximumSignificantDigits: 2, maximumFractionDigits: undefined });
const round = money({ maximumFractionDigits: 0 });
const minute = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const fullDay = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeZone: 'UTC' });
const shortDay = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', timeZone: 'UTC' });
const datedDay = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });
const longMonth = new Intl.DateTimeFormat(undefined, { month: 'long', year: 'numeric', timeZone: 'UTC' });
const shortMonth = new Intl.DateTimeFormat(undefined, { month: 'short', year: '2-digit', timeZone: 'UTC' });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' });
const decimal = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1, minimumFractionDigits: 1 });

function money(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  return new Intl.NumberFormat(undefined, {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
    ...options,
  });
}

/** Dollars to the cent, finer below one: what was spent never reads as nothing. */
export function formatUsd(usd: number): string {
  const size = Math.abs(usd);
  if (size >= 1 || size === 0) return cents.format(usd);
  return size >= 0.00005 ? fine.format(usd) : tiny.format(usd);
}

/** Credits: whole ones from a thousand on, finer below. */
export function formatCredits(credits: number): string {
  const digits = credits >= 1000 ? 0 : credits >= 100 ? 1 : credits >= 1 ? 2 : 4;
  return new Intl.NumberFormat(undefined, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(
    credits,
  );
}

/** For a chart. */
export function formatRoundUsd(usd: number): string {
  if (usd >= 10 || usd === 0) return round.format(usd);
  return usd >= 0.01 ? cents.format(usd) : formatUsd(usd);
}

export const formatCount = (count: number) => counts.format(count);

/** `1.2M` */
export const formatCompact = (count: number) => compact.format(count);

/** `share` is from 0 to 1. */
export function formatShare(share: number): string {
  const isNearEnd = (share > 0.995 && share < 1) || (share > 0 && share < 0.01);
  return isNearEnd ? finePercents.format(share) : percents.format(share);
}

export const formatFineShare = (share: number) => finePercents.format(share);

export const formatFactor = (factor: number) => `${decimal.format(factor)}×`;
export const formatHours = (hours: number) => `${decimal.format(hours)} h`;

/** `0.8s`, `42s`, `4m 12s`, `3h 07m` */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 10) return `${decimal.format(ms / 1000)}s`;
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  return `${Math.floor(seconds / 3600)}h ${pad(Math.floor((seconds % 3600) / 60))}m`;
}

export const formatMinute = (iso: string) => minute.format(new Date(iso));
export const formatClock = (ms: number) => clock.format(ms);

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

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
