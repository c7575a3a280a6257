import type { Provider } from '../usage/provider.js';
import type { ModelResponse } from '../usage/record.js';
import type { Source } from '../usage/source.js';

/** Every time zone's days, hours and half hours begin on a bucket. */
export const BUCKET_MS = 15 * 60_000;

export function bucketStartOf(atMs: number): number {
  return Math.floor(atMs / BUCKET_MS) * BUCKET_MS;
}

/** What responses of one kind come to in a quarter of an hour. */
export interface BucketSum {
  readonly startMs: number;
  readonly provider: Provider;
  readonly model: string;
  readonly source: Source;
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

/** Sums up responses as they come. */
export class BucketTally {
  readonly #sums: BucketSum[] = [];
  /** They come in order of time: mostly the next one belongs where the last one did. */
  #last: BucketSum | undefined;

  add(
    { completedAtMs, provider = 'codex', model, source, usage }: ModelResponse,
    costNanoUsd: number | undefined,
  ): void {
    const startMs = bucketStartOf(completedAtMs);
    const isOf = (sum: BucketSum) =>
      sum.startMs === startMs && sum.model === model && sum.source === source && sum.provider === provider;
    const sum =
      this.#last && isOf(this.#last)
        ? this.#last
        : (this.#sums.find(isOf) ?? this.#begin(startMs, provider, model, source));
    this.#last = sum;
    sum.responses++;
    sum.input += usage.input;
    sum.cachedInput += usage.cachedInput;
    sum.cacheWrite += usage.cacheWrite;
    sum.output += usage.output;
    sum.reasoning += usage.reasoning;
    if (costNanoUsd === undefined) sum.unpricedResponses++;
    else sum.costNanoUsd = (sum.costNanoUsd ?? 0) + costNanoUsd;
  }

  list(): readonly BucketSum[] {
    return this.#sums;
  }

  #begin(startMs: number, provider: Provider, model: string, source: Source): BucketSum {
    const counts = {
      responses: 0,
      unpricedResponses: 0,
      input: 0,
      cachedInput: 0,
      cacheWrite: 0,
      output: 0,
      reasoning: 0,
    };
    const sum: BucketSum = { startMs, provider, model, source, ...counts, costNanoUsd: null };
    this.#sums.push(sum);
    return sum;
  }
}
