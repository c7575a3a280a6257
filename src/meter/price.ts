import { type PricedResponse as Priced, priceResponse, readBaseRatesPer1k } from '../pricing/cost.js';
import type { PriceBook } from '../pricing/prices.js';
import type { ModelResponse, Note, PricedResponse } from '../usage/record.js';

/** Gives each response its cost. A model without a price gives a note, once, and no cost. */
export class Pricer {
  readonly #book: PriceBook;
  readonly #unpriced = new Set<string>();

  constructor(book: PriceBook) {
    this.#book = book;
  }

  price(response: ModelResponse): { response: PricedResponse; notes: Note[] } {
    const { model, serviceTier, completedAtMs, usage } = response;
    const cost = priceResponse(this.#book, { model, serviceTier, atMs: completedAtMs, usage });
    if (cost.kind === 'priced') {
      return { response: { ...response, costNanoUsd: cost.nanoUsd, price: describePrice(cost) }, notes: [] };
    }
    const notes: Note[] = this.#unpriced.has(cost.detail)
      ? []
      : [{ kind: 'unpriced', reason: cost.detail, figures: { model, serviceTier } }];
    this.#unpriced.add(cost.detail);
    return { response: { ...response, costNanoUsd: undefined, price: undefined }, notes };
  }
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
