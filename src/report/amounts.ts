const NANO_USD = 1_000_000_000;
/** From this sum on, a table over many runs is written in cents: nobody reads the fourth decimal of ten dollars. */
const CENTS_FROM_NANO_USD = 10 * NANO_USD;

export type CostFormat = (nanoUsd: number) => string;

/**
 * Nano-USD as dollars with four decimals, or with as many as the first two digits of a smaller sum need, so that no
 * cost reads as nothing: `$12.3457`, `$0.0123`, `$0.000041`, and `$0.0000` for a price of zero.
 */
export function formatCost(nanoUsd: number): string {
  return writeDollars(nanoUsd, decimalsOf(nanoUsd));
}

/** Nano-USD as dollars and cents: `$1,234.57`, `<$0.01` for less than half a cent, `$0.00` for nothing. */
export function formatCents(nanoUsd: number): string {
  return Math.round(nanoUsd / 1e7) === 0 && nanoUsd > 0 ? '<$0.01' : writeDollars(nanoUsd, 2);
}

/**
 * Chooses the one format for all costs of a column by the largest of them: cents from `centsFromNanoUsd` on, below that
 * four decimals, or more where even the largest is less than a cent. What is too small for the format reads `<$0.0001`.
 */
export function chooseCostFormat(
  costs: readonly (number | undefined)[],
  centsFromNanoUsd = CENTS_FROM_NANO_USD,
): CostFormat {
  const largestNanoUsd = Math.max(0, ...costs.map((nanoUsd) => nanoUsd ?? 0));
  if (largestNanoUsd >= centsFromNanoUsd) return formatCents;
  const decimals = decimalsOf(largestNanoUsd);
  const smallest = NANO_USD / 10 ** decimals;
  return (nanoUsd) => {
    const isTiny = nanoUsd > 0 && nanoUsd < smallest / 2;
    return isTiny ? `<${writeDollars(smallest, decimals)}` : writeDollars(nanoUsd, decimals);
  };
}

function decimalsOf(nanoUsd: number): number {
  return nanoUsd === 0 ? 4 : Math.min(9, Math.max(4, 1 - Math.floor(Math.log10(nanoUsd / NANO_USD))));
}

function writeDollars(nanoUsd: number, decimals: number): string {
  const digits = String(Math.round(nanoUsd / 10 ** (9 - decimals))).padStart(decimals + 1, '0');
  return `$${groupThousands(digits.slice(0, -decimals))}.${digits.slice(-decimals)}`;
}

/** Three digits and a unit: `999`, `1.23k`, `45.6M`, `789B` */
export function formatRounded(count: number): string {
  if (count < 1000) return String(count);
  const exponent = Math.min(4, Math.floor(Math.log10(Number(count.toPrecision(3))) / 3));
  return `${Number((count / 1000 ** exponent).toPrecision(3))}${'kMBT'[exponent - 1]}`;
}

/** `62%`, `<1%`, `>99%`. `0%` and `100%` stand for exactly that. */
export function formatShare(share: number): string {
  const percent = Math.round(share * 100);
  if (percent === 100 && share < 1) return '>99%';
  return percent === 0 && share > 0 ? '<1%' : `${percent}%`;
}

/** A relative difference: `+12%`, `−3.4%` (below ten percent), `0%` for none. 0.12 is twelve percent more. */
export function formatChange(change: number): string {
  return writeSigned(change, '%');
}

/** The difference of two shares: `+2.6 points`. 0.026 is 2.6 points more. */
export function formatPoints(difference: number): string {
  return writeSigned(difference, ' points');
}

function writeSigned(part: number, unit: string): string {
  const size = Math.abs(part) * 100;
  const tenths = Math.round(size * 10);
  const digits = tenths >= 100 ? groupThousands(String(Math.round(size))) : (tenths / 10).toFixed(1);
  if (part === 0) return `0${unit}`;
  return `${part < 0 ? '−' : '+'}${tenths === 0 ? '<0.1' : digits}${unit}`;
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

/** The names of models in one cell: `gpt-6.1-sol`, or `gpt-6.1-sol +2` with how many there are beside the first. */
export function formatModels(names: readonly string[]): string {
  const [first, ...others] = names;
  if (first === undefined) return '-';
  return cleanText(first) + (others.length === 0 ? '' : ` +${others.length}`);
}

/**
 * Makes recorded text safe for a terminal and for a line of text: control characters, and those that reorder or hide what is
 * beside them, are shown as escapes, such as `\x1b`, `\n` and `\u202e`. The joiners that emoji and some scripts need stay.
 */
export function cleanText(text: string): string {
  return text.replace(UNSEEN, escapeCharacter).trim();
}

const UNSEEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeCharacter(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  if (code.length > 4) return `\\u{${code}}`;
  return SHORT_ESCAPES[character] ?? (code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`);
}

// Intl.NumberFormat takes Node 10 ms to load, a sixth of its own start.
function groupThousands(digits: string): string {
  return digits.replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ',');
}

function pad(number: number): string {
  return String(number).padStart(2, '0');
}
