import { type BillableResponse, priceResponse } from './cost.js';
import { DAY_MS } from './price.js';
import type { PriceBook } from './prices.js';

/**
 * What all responses cost that have the model, the tier and the day (UTC) of one, and an input within bounds: if their
 * counters do not contradict each other, and they keep nothing for an hour.
 */
export interface Tariff {
  readonly model: BillableResponse['model'];
  readonly serviceTier: BillableResponse['serviceTier'];
  /** Epoch milliseconds, the second one exclusive. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Tokens: more than this, and no more than that. */
  readonly aboveInput: number;
  readonly upToInput: number;
  /** Nano-USD per token. Undefined when no price is known. */
  readonly rates: TariffRates | undefined;
}

interface TariffRates {
  readonly input: number;
  readonly cachedInput: number;
  readonly cacheWrite: number;
  readonly output: number;
}

/** What a response's like cost. Undefined where one of them may have a price and another none. */
export function findTariff(book: PriceBook, response: BillableResponse): Tariff | undefined {
  const priced = priceResponse(book, response);
  const dependsOnUsage = priced.kind === 'unpriced' && ['no-tier-price', 'absurd-price'].includes(priced.reason);
  if (dependsOnUsage) return undefined;
  const fromMs = Math.floor(response.atMs / DAY_MS) * DAY_MS;
  const { model, serviceTier } = response;
  const day = { model, serviceTier, fromMs, untilMs: fromMs + DAY_MS };
  if (priced.kind === 'unpriced')
    return { ...day, aboveInput: -1, upToInput: Number.POSITIVE_INFINITY, rates: undefined };
  const { input, cachedInput, cacheWrite, output } = priced.rates;
  const threshold = priced.price.longContext?.aboveInputTokens ?? Number.POSITIVE_INFINITY;
  const bounds = priced.longContext
    ? { aboveInput: threshold, upToInput: Number.POSITIVE_INFINITY }
    : { aboveInput: -1, upToInput: threshold };
  return { ...day, ...bounds, rates: { input, cachedInput, cacheWrite: cacheWrite ?? input, output } };
}

export function holdsFor(tariff: Tariff, { model, serviceTier, atMs, usage }: BillableResponse): boolean {
  const isItsLike = tariff.model === model && tariff.serviceTier === serviceTier;
  const isThen = tariff.fromMs <= atMs && atMs < tariff.untilMs;
  return isItsLike && isThen && tariff.aboveInput < usage.input && usage.input <= tariff.upToInput;
}
