import type { BilledCounterName } from '../usage/counters.js';

/** How a response was served, as far as its price depends on it. OpenAI renamed priority to "fast" on 2026-07-30. */
export type ServiceTier = 'standard' | 'priority' | 'flex' | 'ultrafast';

/**
 * Nano-USD per token: 1 USD per million tokens is 1000. Rates are whole numbers in the table of codex-metered; a cheap model
 * elsewhere, or the multiplier of a tier, can make a fraction, which is not rounded: only a cost is, and only once. A rate
 * that is null or absent is that of the counter which includes the tokens: a cache write then costs what input costs.
 */
export interface Rates extends RatesOfParts {
  readonly input: number;
  readonly cachedInput: number;
  readonly cacheWrite: number | null;
  readonly output: number;
}

type RatesOfParts = {
  readonly [Name in Exclude<BilledCounterName, 'input' | 'cachedInput' | 'cacheWrite' | 'output'>]?: number;
};

/** The price of a whole request whose input exceeds `aboveInputTokens`: not only of the tokens above it. */
export interface LongContext {
  readonly aboveInputTokens: number;
  readonly rates: Rates;
  /**
   * What becomes of a request for priority with so long an input. `multiplied` (the default): it is served, at these
   * rates times the multiplier. `as-standard`: the vendor serves and bills it as standard.
   */
  readonly priority?: 'multiplied' | 'as-standard';
}

/** The price of one model from a day on. `from` is `YYYY-MM-DD`, inclusive, from 00:00 UTC; null means since ever. */
export interface PriceEntry {
  readonly model: string;
  readonly from: string | null;
  /** The last day, inclusive, to 24:00 UTC. Absent: it holds until another one starts. */
  readonly until?: string;
  readonly rates: Rates;
  readonly longContext?: LongContext;
  /** What a tier costs, as a multiple of standard. A tier that is absent has no known price. */
  readonly tierMultipliers?: TierMultipliers;
}

export type TierMultipliers = { readonly [Tier in Exclude<ServiceTier, 'standard'>]?: number };

/** When a price was last seen, and where. */
export interface Confirmation {
  /** The latest day, `YYYY-MM-DD`, for which it is certain that the source said so. */
  readonly on: string;
  /** `vendor`: a page of the vendor. `third-party`: pages of others, which say that they have it from there. */
  readonly by: 'vendor' | 'third-party';
  /** The last day for which the vendor has promised the price. What holds after it is not known. */
  readonly promisedUntil?: string;
  /** A sentence on what of the price rests on less than the rest of it. */
  readonly remark?: string;
}

export interface Price extends PriceEntry {
  /** Where the price comes from: the user, our table, or the package `@pydantic/genai-prices`. */
  readonly origin: 'user' | 'codex-metered' | 'genai-prices';
  /** Of the prices in our table. */
  readonly confirmed?: Confirmation;
}

/** A price holds for whole days (UTC). */
export const DAY_MS: number = 24 * 60 * 60_000;

const TIERS_AS_WRITTEN: ReadonlyMap<string, ServiceTier> = new Map([
  ['standard', 'standard'],
  ['default', 'standard'],
  ['auto', 'standard'],
  ['priority', 'priority'],
  ['fast', 'priority'],
  ['flex', 'flex'],
  ['ultrafast', 'ultrafast'],
]);

/** Returns the tier for what Codex or the API wrote: standard when nothing was written, undefined for an unknown word. */
export function parseServiceTier(written: string | null | undefined): ServiceTier | undefined {
  if (written === undefined || written === null) return 'standard';
  return TIERS_AS_WRITTEN.get(written.toLowerCase());
}

/** Returns the entry that holds at `atMs` (epoch milliseconds). Of several, the one that started last holds. */
export function selectPriceAt<Entry extends PriceEntry>(entries: readonly Entry[], atMs: number): Entry | undefined {
  let selected: Entry | undefined;
  for (const entry of entries) {
    if (
      startMs(entry) <= atMs &&
      atMs < endMs(entry) &&
      (selected === undefined || startMs(entry) >= startMs(selected))
    )
      selected = entry;
  }
  return selected;
}

function endMs({ until }: PriceEntry): number {
  return until === undefined ? Number.POSITIVE_INFINITY : Date.parse(until) + DAY_MS;
}

function startMs(entry: PriceEntry): number {
  return entry.from === null ? Number.NEGATIVE_INFINITY : Date.parse(entry.from);
}

/**
 * Converts USD per million tokens, as vendors print prices, to nano-USD per token, and rounds away the error of binary
 * fractions. An absurdly high price becomes the largest number; `priceResponse` refuses the cost that it makes.
 */
export function convertToNanoUsdPerToken(usdPerMillionTokens: number): number {
  return Math.min(Math.round(usdPerMillionTokens * 1e9) / 1e6, Number.MAX_VALUE);
}
