import { isPossibleCost, MOST_NANO_USD } from '../usage/count.js';
import { BILLED_COUNTERS, type BilledCounterName, CACHE_WRITE_1H } from '../usage/counters.js';
import type { Fees } from '../usage/record.js';
import type { Usage } from '../usage/usage.js';
import { type Price, parseServiceTier, type Rates, type ServiceTier } from './price.js';
import type { PriceBook } from './prices.js';

/** The cost of a response, and what it was computed from. */
export interface Cost {
  readonly kind: 'priced';
  readonly price: Price;
  /** What the response cost, a whole number of nano-USD. */
  readonly nanoUsd: number;
  /** The price of a token after tier and long context, in nano-USD. A multiplier can make fractions. */
  readonly rates: Rates;
  /** The tier that was charged: standard where the vendor does not serve the one asked for at this length. */
  readonly billedTier: ServiceTier;
  readonly longContext: boolean;
  /** `clamped`: the counters contradicted each other and were cut to what is possible. */
  readonly counters: 'consistent' | 'clamped';
  /** Names of further charges without a known price, which the cost leaves out. Undefined when there are none. */
  readonly missing: readonly string[] | undefined;
}

export interface NoCost {
  readonly kind: 'unpriced';
  readonly reason: 'no-model' | 'unknown-tier' | 'no-price' | 'no-tier-price' | 'absurd-price';
  /** A sentence for people. */
  readonly detail: string;
}

/** A response as far as its price depends on it. `serviceTier` is what Codex or the API wrote. */
export interface BillableResponse extends CostDetails {
  readonly model: string | null | undefined;
  readonly serviceTier: string | null | undefined;
  readonly atMs: number;
  readonly usage: Usage;
}

/** What a cost depends on beside the token counts that every response has. */
interface CostDetails {
  /** The part of `usage.cacheWrite` that is cached for an hour. 0 when absent. */
  readonly cacheWrite1h?: number | undefined;
  readonly fees?: Fees | undefined;
  /** `sum`: the counts are of several responses together, which are not known one by one. `response` when absent. */
  readonly countsOf?: 'response' | 'sum';
}

/** Prices one response. A missing price is a value that is shown, never zero and never a guess. */
export function priceResponse(book: PriceBook, response: BillableResponse): Cost | NoCost {
  const { model, serviceTier, atMs, usage } = response;
  if (model === null || model === undefined || model.trim() === '') {
    return unpriced('no-model', 'It is not known which model answered.');
  }
  const tier = parseServiceTier(serviceTier);
  if (tier === undefined) return unpriced('unknown-tier', `The service tier "${serviceTier}" is not known.`);
  const price = book.find(model, atMs);
  if (price === undefined) return unpriced('no-price', `No price is known for the model "${model}".`);
  const cost = costOf(usage, price, tier, response);
  if (cost === undefined) {
    return unpriced('no-tier-price', `No price is known for the model "${model}" in the service tier "${tier}".`);
  }
  if (!isPossibleCost(cost.nanoUsd)) {
    const most = (MOST_NANO_USD / 1e9).toLocaleString('en-US');
    return unpriced('absurd-price', `The price of the model "${model}" makes one response cost more than $${most}.`);
  }
  return cost;
}

/**
 * Returns the cost of one response, or undefined when the price does not say what the tier costs. Reasoning is within output, so
 * it is not billed again. The long-context price depends on each request, so the cost of a sum is computed at the base rates, and
 * is partial where one of its requests may have been long.
 */
export function costOf(
  usage: Usage,
  price: Price,
  tier: ServiceTier,
  { cacheWrite1h = 0, fees = NO_FEES, countsOf = 'response' }: CostDetails = {},
): Cost | undefined {
  const isLong = price.longContext !== undefined && clampCount(usage.input) > price.longContext.aboveInputTokens;
  const long = isLong && countsOf === 'response' ? price.longContext : undefined;
  const billedTier = tier === 'priority' && long?.priority === 'as-standard' ? 'standard' : tier;
  const tierMultiplier = billedTier === 'standard' ? 1 : price.tierMultipliers?.[billedTier];
  if (tierMultiplier === undefined) return undefined;
  const feePrices = priceFees(fees);
  const multiplier = tierMultiplier * feePrices.multiplier;
  const base = long?.rates ?? price.rates;
  const rates = multiplier === 1 ? base : multiplyRates(base, multiplier);
  const { tokens, isConsistent } = divideUsage(usage, cacheWrite1h);
  const missing = isLong && !long ? [...feePrices.missing, 'long context'] : feePrices.missing;
  return {
    kind: 'priced',
    price,
    nanoUsd: Math.round(priceTokens(tokens, rates) + feePrices.nanoUsd),
    rates,
    billedTier,
    longContext: long !== undefined,
    counters: isConsistent ? 'consistent' : 'clamped',
    missing: missing.length > 0 ? missing : undefined,
  };
}

/** Returns the rates that cost records show: USD per 1000 tokens, before tier and long context. */
export function readBaseRatesPer1k(price: Price): { inputUsdPer1k: number; outputUsdPer1k: number } {
  return { inputUsdPer1k: price.rates.input / 1e6, outputUsdPer1k: price.rates.output / 1e6 };
}

interface Billed {
  readonly name: BilledCounterName;
  /** The index of the counter that this one is within, or -1. */
  readonly around: number;
}

/**
 * The billed counters. The functions below, which run for each response of a history, list them by name in this order: V8 reads a
 * field whose name is a variable many times slower. test/pricing/cost.test.ts asks them about each counter.
 */
const BILLED: readonly Billed[] = BILLED_COUNTERS.map(({ name, within }) => {
  return { name, around: BILLED_COUNTERS.findIndex((counter) => counter.name === within) };
});

/**
 * Divides usage into parts that are billed differently, in the order of BILLED_COUNTERS. The part of a counter is its tokens that
 * are within no other billed counter. Counters that contradict each other are cut: a total is believed before its parts, and an
 * earlier part before a later one. A counter below zero or not finite counts as zero.
 */
export function divideUsage(usage: Usage, cacheWrite1h: number): { tokens: number[]; isConsistent: boolean } {
  const { input, cachedInput, cacheWrite, output } = usage;
  const tokens = [input, cachedInput, cacheWrite, cacheWrite1h, output];
  let isConsistent = true;
  for (let index = 0; index < tokens.length; index++) {
    const { name, around } = BILLED[index] as Billed;
    const given = tokens[index] as number;
    const most = around < 0 ? Number.MAX_SAFE_INTEGER : (tokens[around] as number);
    const count = clampCount(given, most);
    if (around >= 0) tokens[around] = most - count;
    tokens[index] = count;
    isConsistent &&= count === given || name === CACHE_WRITE_1H.name;
  }
  return { tokens, isConsistent };
}

function clampCount(count: number, most: number = Number.MAX_SAFE_INTEGER): number {
  return Number.isFinite(count) ? Math.min(Math.max(count, 0), most) : 0;
}

/** Returns nano-USD. `tokens` are in the order of BILLED_COUNTERS; without a rate they have that of the counter around. */
function priceTokens(tokens: readonly number[], rates: Rates): number {
  const { input, cachedInput, cacheWrite, cacheWrite1h, output } = rates;
  const applied = [input, cachedInput, cacheWrite, cacheWrite1h, output];
  let nanoUsd = 0;
  for (let index = 0; index < tokens.length; index++) {
    const rate = applied[index] ?? applied[(BILLED[index] as Billed).around] ?? 0;
    applied[index] = rate;
    nanoUsd += (tokens[index] as number) * rate;
  }
  return nanoUsd;
}

function multiplyRates(rates: Rates, multiplier: number): Rates {
  const entries = Object.entries(rates).map(([name, rate]: [string, number | null]) => {
    return [name, rate === null ? null : rate * multiplier];
  });
  return Object.fromEntries(entries) as Rates;
}

/** Anthropic's pricing page: $10 for 1,000 searches. Claude Code 2.1.332 charges the same in its own totals. */
const WEB_SEARCH_NANO_USD = 10_000_000;

/** Anthropic's pricing page: inference in the US alone costs 1.1 times the price of every token. Claude Code agrees. */
const GEO_MULTIPLIERS: ReadonlyMap<string, number> = new Map([['us', 1.1]]);

const NO_FEES: Fees = { webSearches: 0, inferenceGeo: undefined, unknown: [] };

/** What fees add: nano-USD beside the tokens, how many times its price a token costs, and charges of which no price is known. */
function priceFees({ webSearches, inferenceGeo, unknown }: Fees) {
  const multiplier = inferenceGeo === undefined ? 1 : GEO_MULTIPLIERS.get(inferenceGeo);
  return {
    nanoUsd: webSearches * WEB_SEARCH_NANO_USD,
    multiplier: multiplier ?? 1,
    missing: multiplier === undefined ? [...unknown, `inference in ${inferenceGeo}`] : unknown,
  };
}

function unpriced(reason: NoCost['reason'], detail: string): NoCost {
  return { kind: 'unpriced', reason, detail };
}
