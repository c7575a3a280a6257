import { RESPONSE_COUNTERS } from '../usage/counters.js';
import type { CostExtent, Fees, ModelResponse, PricedResponse } from '../usage/record.js';
import { completeUsage, type Usage } from '../usage/usage.js';
import { selectCounters, sumCounters } from './counter-columns.js';

/** What is recorded of a response itself: the columns of `response_rows` without its key and its invocation. */
export const RESPONSE_COLUMNS = `provider, thread_id, response_key, turn_id, root_turn_id, model, service_tier,
  ${RESPONSE_COUNTERS.map(({ column }) => column).join(', ')}, evidence, source,
  cost_nano_usd, price, completed_at_ms, recorded_at_ms, fees, cost_extent`;

/** Their values, as `toResponseValues` names them. */
export const RESPONSE_VALUES = `@provider, @threadId, @key, @turnId, @rootTurnId, @model, @serviceTier,
  ${RESPONSE_COUNTERS.map(({ name }) => `@${name}`).join(', ')}, @evidence, @source,
  @costNanoUsd, @price, @completedAtMs, @recordedAtMs, @fees, @costExtent`;

/** Sets all that better evidence can change in a row. */
export const SET_COUNTS = `model = @model, service_tier = @serviceTier,
  ${RESPONSE_COUNTERS.map(({ name, column }) => `${column} = @${name}`).join(', ')}, evidence = @evidence, source = @source,
  cost_nano_usd = @costNanoUsd, price = @price, fees = @fees, cost_extent = @costExtent`;

/** The condition on a row of responses (its table is `alias`) that some of its cost, or all of it, is not known. */
export function lacksPrice(alias?: string): string {
  const of = alias === undefined ? '' : `${alias}.`;
  return `(${of}cost_nano_usd IS NULL OR ${of}cost_extent = 'partial')`;
}

/** SQL: the columns of a `SumRow`, over the responses `r`. */
export const SUMS_OF_RESPONSES = `count(*) AS responses, sum(${lacksPrice('r')}) AS unpricedResponses, ${sumCounters('r')},
  sum(r.cost_nano_usd) AS costNanoUsd`;

/** `price` is JSON. */
export function toResponseValues(
  response: ModelResponse,
  { costNanoUsd, costExtent = 'whole' }: Pick<PricedResponse, 'costNanoUsd' | 'costExtent'>,
  price: string | null,
  recordedAtMs: number,
) {
  return {
    provider: response.provider ?? 'codex',
    threadId: response.threadId,
    key: response.key,
    turnId: response.turnId ?? null,
    rootTurnId: response.rootTurnId ?? null,
    model: response.model,
    serviceTier: response.serviceTier ?? null,
    ...response.usage,
    cacheWrite1h: response.cacheWrite1h ?? 0,
    evidence: response.evidence,
    source: response.source,
    costNanoUsd: costNanoUsd ?? null,
    price,
    completedAtMs: response.completedAtMs,
    recordedAtMs,
    fees: response.fees ? JSON.stringify(response.fees) : null,
    costExtent: costExtent satisfies CostExtent,
  };
}

/** What `toResponseValues` has written of a response's fees. */
export function readFees(fees: string | null): Fees | undefined {
  return fees === null ? undefined : (JSON.parse(fees) as Fees);
}

/** A row that `selectModelResponse` reads. */
export type ModelResponseRow = Omit<ModelResponse, 'serviceTier' | 'fees' | 'usage'> &
  Usage & { readonly serviceTier: string | null; readonly fees: string | null };

/** SQL: all that the price of a response depends on, of the table `alias`. */
export function selectModelResponse(alias: string): string {
  const [r, counters] = [alias, selectCounters(alias, RESPONSE_COUNTERS)];
  return `${r}.provider, ${r}.thread_id AS threadId, ${r}.response_key AS key, ${r}.turn_id AS turnId,
    ${r}.root_turn_id AS rootTurnId, ${r}.model, ${r}.service_tier AS serviceTier, ${counters}, ${r}.evidence, ${r}.source,
    ${r}.fees, ${r}.completed_at_ms AS completedAtMs`;
}

/** Makes a response of a row that `selectModelResponse` has read. */
export function toModelResponse<Row extends ModelResponseRow>(row: Row) {
  return { ...row, serviceTier: row.serviceTier ?? undefined, fees: readFees(row.fees), usage: completeUsage(row) };
}

/** A price as JSON; null where there is none. */
export type PriceEncoder = (price: unknown) => string | null;

/** Prices that are the same are the same object: each is put into words once. */
export function createPriceEncoder(): PriceEncoder {
  const encoded = new Map<unknown, string>();
  return (price) => {
    if (price === undefined) return null;
    const known = encoded.get(price);
    if (known !== undefined) return known;
    const json = JSON.stringify(price);
    encoded.set(price, json);
    return json;
  };
}
