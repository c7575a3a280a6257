import { COUNTERS } from '../usage/counters.js';
import type { Provider } from '../usage/provider.js';
import { isUnpriced, type ModelResponse, type PricedResponse } from '../usage/record.js';
import type { Source } from '../usage/source.js';
import { addToCounts, type Usage } from '../usage/usage.js';

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

type Bill = Pick<PricedResponse, 'costNanoUsd' | 'costExtent'>;

/** Adds one response. */
export function addToSum(sum: Sum, usage: Usage, bill: Bill): void {
  sum.responses++;
  if (isUnpriced(bill)) sum.unpricedResponses++;
  addToCounts(sum.counts, usage);
  if (typeof bill.costNanoUsd === 'number') sum.costNanoUsd = (sum.costNanoUsd ?? 0) + bill.costNanoUsd;
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

  add(keys: BucketKeys, usage: Usage, bill: Bill): void {
    addToSum(this.#find(keys), usage, bill);
  }

  list(): readonly BucketSum[] {
    return this.#sums;
  }

  #find({ provider = 'codex', model, source, completedAtMs }: BucketKeys): BucketSum {
    const startMs = bucketStartOf(completedAtMs);
    let sum = this.#last;
    if (!sum || !isFor(sum, startMs, provider, model, source)) {
      sum = this.#sums.find((one) => isFor(one, startMs, provider, model, source));
      if (!sum) {
        sum = { startMs, provider, model, source, ...beginSum() };
        this.#sums.push(sum);
      }
      this.#last = sum;
    }
    return sum;
  }
}

function isFor(sum: BucketSum, startMs: number, provider: Provider, model: string, source: Source): boolean {
  return sum.startMs === startMs && sum.model === model && sum.source === source && sum.provider === provider;
}
