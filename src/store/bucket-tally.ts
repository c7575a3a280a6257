import type { Provider } from '../usage/provider.js';
import type { ModelResponse } from '../usage/record.js';
import type { Source } from '../usage/source.js';
import type { Usage } from '../usage/usage.js';

/** Every time zone's days, hours and half hours begin on a bucket. */
export const BUCKET_MS = 15 * 60_000;

export function bucketStartOf(atMs: number): number {
  return Math.floor(atMs / BUCKET_MS) * BUCKET_MS;
}

/** What responses come to. */
export interface Sum {
  responses: number;
  unpricedResponses: number;
  input: number;
  cachedInput: number;
  cacheWrite: number;
  output: number;
  reasoning: number;
  /** Of those that have a price; null when none has. */
  costNanoUsd: number | null;
}

export function beginSum(): Sum {
  const counts = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0, reasoning: 0 };
  return { responses: 0, unpricedResponses: 0, ...counts, costNanoUsd: null };
}

export function addToSum(sum: Sum, usage: Usage, costNanoUsd: number | undefined): void {
  sum.responses++;
  sum.input += usage.input;
  sum.cachedInput += usage.cachedInput;
  sum.cacheWrite += usage.cacheWrite;
  sum.output += usage.output;
  sum.reasoning += usage.reasoning;
  if (costNanoUsd === undefined) sum.unpricedResponses++;
  else sum.costNanoUsd = (sum.costNanoUsd ?? 0) + costNanoUsd;
}

/** Adds what other responses come to. */
export function addSums(sum: Sum, more: Sum): void {
  sum.responses += more.responses;
  sum.unpricedResponses += more.unpricedResponses;
  sum.input += more.input;
  sum.cachedInput += more.cachedInput;
  sum.cacheWrite += more.cacheWrite;
  sum.output += more.output;
  sum.reasoning += more.reasoning;
  if (more.costNanoUsd !== null) sum.costNanoUsd = (sum.costNanoUsd ?? 0) + more.costNanoUsd;
}

/** Whose responses a sum is of. */
type Kept = Pick<ModelResponse, 'provider' | 'model' | 'source'>;

/** What responses of one kind come to in a quarter of an hour. */
export interface BucketSum extends Sum {
  readonly startMs: number;
  readonly provider: Provider;
  readonly model: string;
  readonly source: Source;
}

/** Sums up responses as they come. */
export class BucketTally {
  readonly #sums: BucketSum[] = [];
  /** They come in order of time: mostly the next one belongs where the last one did. */
  #last: BucketSum | undefined;

  add(response: ModelResponse, costNanoUsd: number | undefined): void {
    addToSum(this.#find(bucketStartOf(response.completedAtMs), response), response.usage, costNanoUsd);
  }

  /** Adds what several responses come to in one quarter of an hour. */
  addSum(startMs: number, of: Kept, sum: Sum): void {
    addSums(this.#find(startMs, of), sum);
  }

  list(): readonly BucketSum[] {
    return this.#sums;
  }

  #find(startMs: number, { provider = 'codex', model, source }: Kept): BucketSum {
    const isOf = (sum: BucketSum) =>
      sum.startMs === startMs && sum.model === model && sum.source === source && sum.provider === provider;
    const last = this.#last && isOf(this.#last) ? this.#last : this.#sums.find(isOf);
    const sum = last ?? { startMs, provider, model, source, ...beginSum() };
    if (!last) this.#sums.push(sum);
    this.#last = sum;
    return sum;
  }
}
