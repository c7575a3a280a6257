import { COUNTERS } from '../usage/counters.js';
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
  /** One for each counter, in the order of `COUNTERS`. */
  readonly counts: number[];
  /** Over those that have a price; null when none has. */
  costNanoUsd: number | null;
}

export function beginSum(): Sum {
  return { responses: 0, unpricedResponses: 0, counts: COUNTERS.map(() => 0), costNanoUsd: null };
}

export function addToSum(sum: Sum, more: Readonly<Sum>): void {
  sum.responses += more.responses;
  sum.unpricedResponses += more.unpricedResponses;
  for (let at = 0; at < sum.counts.length; at++) sum.counts[at] = (sum.counts[at] ?? 0) + (more.counts[at] ?? 0);
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
    counts: COUNTERS.map(({ name }) => usage[name]),
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
