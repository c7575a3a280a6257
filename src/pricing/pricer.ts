import type { ModelResponse, Note, PricedResponse } from '../usage/record.js';
import { type PricedResponse as Priced, priceResponse, readBaseRatesPer1k } from './cost.js';
import type { Price } from './price.js';
import type { PriceBook } from './prices.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Gives each response its cost. A model without a price gives a note, once, and no cost. Prices that are the same are
 * the same object: a history has a great many responses and few prices.
 */
export class Pricer {
  readonly #book: PriceBook;
  readonly #unpriced = new Set<string>();
  readonly #described = new Map<Price, Map<string, unknown>>();

  constructor(book: PriceBook) {
    this.#book = rememberPrices(book);
  }

  price(response: ModelResponse): { response: PricedResponse; notes: Note[] } {
    const { model, serviceTier, completedAtMs, usage } = response;
    const cost = priceResponse(this.#book, { model, serviceTier, atMs: completedAtMs, usage });
    if (cost.kind === 'priced') {
      return { response: { ...response, costNanoUsd: cost.nanoUsd, price: this.#describe(cost) }, notes: [] };
    }
    const notes: Note[] = this.#unpriced.has(cost.detail)
      ? []
      : [{ kind: 'unpriced', reason: cost.detail, figures: { model, serviceTier } }];
    this.#unpriced.add(cost.detail);
    return { response: { ...response, costNanoUsd: undefined, price: undefined }, notes };
  }

  #describe(cost: Priced): unknown {
    const key = `${cost.billedTier} ${cost.longContext}`;
    const described = this.#described.get(cost.price) ?? new Map<string, unknown>();
    if (described.size === 0) this.#described.set(cost.price, described);
    if (!described.has(key)) described.set(key, describePrice(cost));
    return described.get(key);
  }
}

/** A price holds for whole days (UTC), so each is looked up once a day. */
function rememberPrices(book: PriceBook): PriceBook {
  const known = new Map<string, Price | undefined>();
  return {
    find(model, atMs) {
      const key = `${Math.floor(atMs / DAY_MS)} ${model}`;
      if (!known.has(key)) known.set(key, book.find(model, atMs));
      return known.get(key);
    },
  };
}

/** The price as the record keeps it: a later change of the price list leaves it as it was. */
function describePrice({ price, rates, billedTier, longContext }: Priced): unknown {
  const { inputUsdPer1k, outputUsdPer1k } = readBaseRatesPer1k(price);
  return {
    inputCostPer1kUsd: inputUsdPer1k,
    outputCostPer1kUsd: outputUsdPer1k,
    nanoUsdPerToken: rates,
    tier: billedTier,
    longContext,
    origin: price.origin,
    from: price.from,
  };
}
