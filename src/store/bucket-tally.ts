import type { Provider } from '../usage/provider.js';
import { isUnpriced, type ModelResponse, type PricedResponse } from '../usage/record.js';
import type { Source } from '../usage/source.js';

/** Every time zone's days, hours and half hours begin on a bucket. */
export const BUCKET_MS = 15 * 60_000;

export function bucketStartOf(atMs: number): number {
  return Math.floor(atMs / BUCKET_MS) * BUCKET_MS;
}

/** Sums over responses. */
export interface Sum {
  responses: number;
  unpricedResponses: number;
  input: number;
  cachedInput: number;
  cacheWrite: number;
  output: number;
  reasoning: number;
  /** Over those that have a price; null when none has. */
  costNanoUsd: number | null;
}

export function beginSum(): Sum {
  const counts = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0, reasoning: 0 };
  return { responses: 0, unpricedResponses: 0, ...counts, costNanoUsd: null };
}

export function addToSum(sum: Sum, more: Readonly<Sum>): void {
  sum.responses += more.responses;
  sum.unpricedResponses += more.unpricedResponses;
  sum.input += more.input;
  sum.cachedInput += more.cachedInput;
  sum.cacheWrite += more.cacheWrite;
  sum.output += more.output;
  sum.reasoning += more.reasoning;
  if (more.costNanoUsd !== null) sum.costNanoUsd = (sum.costNanoUsd ?? 0) + more.costNanoUsd;
}

/** The sum over one response. */
export function sumOf(
  { usage }: Pick<ModelResponse, 'usage'>,
  bill: Pick<PricedResponse, 'costNanoUsd' | 'costExtent'>,
): Readonly<Sum> {
  return {
    responses: 1,
    unpricedResponses: isUnpriced(bill) ? 1 : 0,
    input: usage.input,
    cachedInput: usage.cachedInput,
    cacheWrite: usage.cacheWrite,
    output: usage.output,
    reasoning: usage.reasoning,
    costNanoUsd: bill.costNanoUsd ?? null,
  };
}

/** By what a response is assigned to a sum. */
type BucketKeys = Pick<ModelResponse, 'provider' | 'model' | 'source' | 'completedAtMs'>;

/** The sum over the responses of one provider, model and source in one bucket. */
export interface BucketSum extends Sum {
  readonly startMs: number;
  readonly provider: Provider;
  readonly model: string;
  readonly source: Source;
}

/** Sums up responses by bucket, one after the other. */
export class BucketTally {
  readonly #sums: BucketSum[] = [];
  /** Responses come in order of time, so the next one mostly goes into the same sum as the last one. */
  #last: BucketSum | undefined;

  add(of: BucketKeys, sum: Readonly<Sum>): void {
    addToSum(this.#find(of), sum);
  }

  list(): readonly BucketSum[] {
    return this.#sums;
  }

  #find({ provider = 'codex', model, source, completedAtMs }: BucketKeys): BucketSum {
    const startMs = bucketStartOf(completedAtMs);
    const isOf = (sum: BucketSum) =>
      sum.startMs === startMs && sum.model === model && sum.source === source && sum.provider === provider;
    const last = this.#last && isOf(this.#last) ? this.#last : this.#sums.find(isOf);
    const sum = last ?? { startMs, provider, model, source, ...beginSum() };
    if (!last) this.#sums.push(sum);
    this.#last = sum;
    return sum;
  }
}
