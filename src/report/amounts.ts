import { stripVTControlCharacters } from 'node:util';

const NANO_USD = 1_000_000_000;

/**
 * Nano-USD as dollars: four decimals, or more for the first two figures of a smaller sum, so that what was spent never
 * reads as nothing. `$12.3457`, `$0.0123`, `$0.000041`, `$0.0000` for a price of zero.
 */
export function formatCost(nanoUsd: number): string {
  const decimals = nanoUsd === 0 ? 4 : Math.min(9, Math.max(4, 1 - Math.floor(Math.log10(nanoUsd / NANO_USD))));
  const step = 10 ** (9 - decimals);
  const digits = String(Math.round(nanoUsd / step)).padStart(decimals + 1, '0');
  return `$${groupThousands(digits.slice(0, -decimals))}.${digits.slice(-decimals)}`;
}

/** Nano-USD as dollars and cents: `$1,234.57`, `<$0.01` for less than half a cent, `$0.00` for nothing. */
export function formatCents(nanoUsd: number): string {
  const cents = Math.round(nanoUsd / 1e7);
  if (cents === 0 && nanoUsd > 0) return '<$0.01';
  return `$${formatCount(Math.floor(cents / 100))}.${pad(cents % 100)}`;
}

/** Three figures and a unit: `999`, `1.23k`, `45.6M`, `789B` */
export function formatRounded(count: number): string {
  if (count < 1000) return String(count);
  const exponent = Math.min(4, Math.floor(Math.log10(Number(count.toPrecision(3))) / 3));
  return `${Number((count / 1000 ** exponent).toPrecision(3))}${'kMBT'[exponent - 1]}`;
}

/** `62%`, `<1%`, `>99%`: 0% and 100% are meant. */
export function formatShare(share: number): string {
  const percent = Math.round(share * 100);
  if (percent === 100 && share < 1) return '>99%';
  return percent === 0 && share > 0 ? '<1%' : `${percent}%`;
}

/** `1,234,567` */
export function formatCount(count: number): string {
  return groupThousands(String(count));
}

/** `0.8s`, `42.1s`, `4m 12s`, `3h 07m` */
export function formatDuration(milliseconds: number): string {
  const tenths = Math.round(milliseconds / 100);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)}s`;
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)}h ${pad(minutes % 60)}m`;
}

/** `1 response`, `2 responses` */
export function formatPlural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** Text from outside on one line, without anything that a terminal would obey. */
export function cleanText(text: string): string {
  return stripVTControlCharacters(text).replace(/\p{C}/gu, ' ').trim();
}

// Intl.NumberFormat would do it too: Node takes 10 ms to load it, a sixth of its own start.
function groupThousands(digits: string): string {
  return digits.replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ',');
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
