import type { ModelResponse, Note, PricedResponse } from '../usage/record.js';
import { type Cost, type NoCost, priceResponse, readBaseRatesPer1k } from './cost.js';
import { DAY_MS, type Price } from './price.js';
import type { PriceBook } from './prices.js';

type Described = ReturnType<typeof describePrice>;

/** The cost of a response as it is recorded. */
type Bill = Pick<PricedResponse, 'costNanoUsd' | 'price' | 'costExtent'>;

const UNPRICED: Bill = { costNanoUsd: undefined, price: undefined };

/**
 * Gives each response its cost. A model without a price gives a note, once, and no cost. Prices that are the same are
 * the same object: a history has a great many responses and few prices.
 */
export class Pricer {
  readonly #book: PriceBook;
  readonly #unpriced = new Set<string>();
  readonly #described = new Map<Price, Described[]>();

  constructor(book: PriceBook) {
    this.#book = rememberPrices(book);
  }

  /** Returns the cost of a response and its price. Both are undefined when no price is known. */
  bill(response: ModelResponse): Bill {
    return this.#toBill(this.#findCost(response));
  }

  price(response: ModelResponse): { response: PricedResponse; notes: Note[] } {
    const { model, serviceTier } = response;
    const cost = this.#findCost(response);
    const notes: Note[] = [];
    if (cost.kind === 'unpriced' && !this.#unpriced.has(cost.detail)) {
      this.#unpriced.add(cost.detail);
      notes.push({ kind: 'unpriced', reason: cost.detail, figures: { model, serviceTier } });
    }
    return { response: { ...response, ...this.#toBill(cost) }, notes };
  }

  #findCost(response: ModelResponse): Cost | NoCost {
    const { model, serviceTier, completedAtMs, usage, cacheWrite1h, fees } = response;
    const countsOf = response.evidence === 'session_total' ? 'sum' : 'response';
    const billable = { model, serviceTier, atMs: completedAtMs, usage, cacheWrite1h, fees, countsOf } as const;
    return priceResponse(this.#book, billable);
  }

  #toBill(cost: Cost | NoCost): Bill {
    if (cost.kind === 'unpriced') return UNPRICED;
    const price = this.#describe(cost);
    return cost.missing
      ? { costNanoUsd: cost.nanoUsd, price, costExtent: 'partial' }
      : { costNanoUsd: cost.nanoUsd, price };
  }

  #describe(cost: Cost): unknown {
    const known = this.#described.get(cost.price) ?? [];
    let found = known.find((described) => isOfSameKind(described, cost));
    if (!found) {
      found = describePrice(cost);
      this.#described.set(cost.price, [...known, found]);
    }
    return found;
  }
}

/** Finds the price of a model once for each day (UTC), because prices hold for whole days. */
function rememberPrices(book: PriceBook): PriceBook {
  const days = new Map<number, Map<string, Price | undefined>>();
  return {
    find(model, atMs) {
      const day = Math.floor(atMs / DAY_MS);
      const known = days.get(day) ?? new Map<string, Price | undefined>();
      if (known.size === 0) days.set(day, known);
      if (!known.has(model)) known.set(model, book.find(model, atMs));
      return known.get(model);
    },
  };
}

/** Describes a price as it is recorded with a response, so that later changes of the price list do not alter it. */
function describePrice({ price, rates, billedTier, longContext, missing }: Cost) {
  const { inputUsdPer1k, outputUsdPer1k } = readBaseRatesPer1k(price);
  return {
    inputCostPer1kUsd: inputUsdPer1k,
    outputCostPer1kUsd: outputUsdPer1k,
    nanoUsdPerToken: rates,
    tier: billedTier,
    longContext,
    origin: price.origin,
    from: price.from,
    ...(missing && { missing }),
  };
}

function isOfSameKind(described: Described, { billedTier, longContext, rates, missing }: Cost): boolean {
  const { tier, nanoUsdPerToken } = described;
  const isSamePrice =
    tier === billedTier && described.longContext === longContext && nanoUsdPerToken.input === rates.input;
  return isSamePrice && described.missing?.join() === missing?.join();
}
