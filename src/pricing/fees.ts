import type { Fees } from '../usage/fees.js';

/** What fees add to the cost of a response. */
export interface FeePrices {
  /** Nano-USD beside what the tokens cost. */
  readonly nanoUsd: number;
  /** What each token costs, as a multiple of its price. */
  readonly multiplier: number;
  /** What was charged for and has no known price, in words. */
  readonly missing: readonly string[];
}

/** Anthropic's pricing page: $10 for 1,000 searches. Claude Code 2.1.332 charges the same in its own totals. */
const WEB_SEARCH_NANO_USD = 10_000_000;

/** Anthropic's pricing page: inference in the US alone costs 1.1 times the price of every token. Claude Code agrees. */
const GEO_MULTIPLIERS: ReadonlyMap<string, number> = new Map([['us', 1.1]]);

const NO_FEES: FeePrices = { nanoUsd: 0, multiplier: 1, missing: [] };

export function findFeePrices(fees: Fees | undefined): FeePrices {
  if (!fees) return NO_FEES;
  const { webSearches, inferenceGeo, unknown } = fees;
  const multiplier = inferenceGeo === undefined ? 1 : GEO_MULTIPLIERS.get(inferenceGeo);
  return {
    nanoUsd: webSearches * WEB_SEARCH_NANO_USD,
    multiplier: multiplier ?? 1,
    missing: multiplier === undefined ? [...unknown, `inference in ${inferenceGeo}`] : unknown,
  };
}
