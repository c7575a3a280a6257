import { listCreditEntries } from '../pricing/credits.js';
import type { Price, PriceEntry, Rates } from '../pricing/price.js';
import { listPriceChanges, type PriceChange } from '../pricing/prices.js';
import type { Connection } from '../store/open.js';
import { readSums } from '../store/period-queries.js';
import { BILLED_COUNTERS } from '../usage/counters.js';
import { toCreditCardJson } from './credits.js';
import { SCHEMA_VERSION } from './sums-json.js';

export interface ModelPrices {
  readonly model: string;
  readonly today: PriceChange | undefined;
  /** Oldest first. */
  readonly changes: readonly PriceChange[];
  /** How much it was used; undefined in a list of one model. */
  readonly used: { readonly responses: number; readonly unpricedResponses: number } | undefined;
}

/** Returns the prices of `model`, without changes when none is known. */
export function describeModel(model: string, user: readonly PriceEntry[], nowMs: number): ModelPrices {
  const changes = listPriceChanges(model, user);
  const today = changes.filter(({ from }) => from === null || Date.parse(from) <= nowMs).at(-1);
  return { model, changes, today: today?.price ? today : undefined, used: undefined };
}

/** Reads the prices of every model that was used, the most used first. */
export function listUsedModels(connection: Connection, user: readonly PriceEntry[], nowMs: number): ModelPrices[] {
  const rows = readSums(connection, ['model'], {}, []);
  return rows
    .sort((a, b) => b.responses - a.responses)
    .map(({ model, responses, unpricedResponses }) => {
      return { ...describeModel(model, user, nowMs), used: { responses, unpricedResponses } };
    });
}

/** Returns prices as data, in USD per million tokens. What is not known is null. */
export function toPricesJson(models: readonly ModelPrices[]): object {
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'prices',
    unit: 'USD per million tokens',
    credits: { unit: 'credits per million tokens', ...toCreditCardJson() },
    models: models.map(({ model, today, changes, used }) => ({
      model,
      ...(used ? { responseCount: used.responses, unpricedResponseCount: used.unpricedResponses } : {}),
      price: today ? toChangeJson(today) : null,
      changes: changes.map(toChangeJson),
      creditRates: toCreditRatesJson(model),
    })),
  };
}

function toChangeJson({ from, price }: PriceChange): object {
  if (!price) return { from, priceOrigin: null };
  const { longContext, tierMultipliers, confirmed } = price;
  return {
    from,
    priceOrigin: price.origin,
    listedAs: price.model,
    ...toRatesJson(price.rates),
    longContext: longContext
      ? { aboveInputTokens: longContext.aboveInputTokens, ...toRatesJson(longContext.rates) }
      : null,
    priorityMultiplier: tierMultipliers?.priority ?? null,
    flexMultiplier: tierMultipliers?.flex ?? null,
    ultrafastMultiplier: tierMultipliers?.ultrafast ?? null,
    confirmedOn: confirmed?.on ?? null,
    confirmedBy: confirmed?.by ?? null,
    promisedUntil: confirmed?.promisedUntil ?? null,
    confirmationRemark: confirmed?.remark ?? null,
  };
}

function toRatesJson(rates: Rates): object {
  const entries = BILLED_COUNTERS.map(({ name }) => {
    const rate = rates[name];
    return [name, rate === null || rate === undefined ? null : toUsdPerMillion(rate)];
  });
  return Object.fromEntries(entries);
}

/** Converts nano-USD per token to the USD per million tokens that vendors print. */
export function toUsdPerMillion(nanoUsdPerToken: number): number {
  return Math.round(nanoUsdPerToken * 1e6) / 1e9;
}

export const ORIGINS: Readonly<Record<Price['origin'], string>> = {
  user: 'yours',
  'codex-metered': 'built in',
  'genai-prices': 'genai-prices',
};

/** Returns the credit rates of a model as data, oldest first. What is not known is null. */
function toCreditRatesJson(model: string): object[] {
  return listCreditEntries(model).map(({ from, input, cachedInput, output, fast, longInputs, basis }) => {
    return { from, input, cachedInput, output, priorityMultiplier: fast ?? null, longInputs, basis };
  });
}
