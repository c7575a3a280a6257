import type { ModelResponse } from '../usage/record.js';
import type { Connection } from './open.js';
import { unpackBetween } from './packs.js';

/** Every time zone's days, hours and half hours begin on a bucket. */
export const BUCKET_MS = 15 * 60_000;

export function bucketStartOf(atMs: number): number {
  return Math.floor(atMs / BUCKET_MS) * BUCKET_MS;
}

/** Makes the buckets that begin at `startsMs` the sums of the responses that were completed in them. */
export function refreshBuckets(connection: Connection, startsMs: Iterable<number>): void {
  const clear = connection.prepare<[number]>('DELETE FROM buckets WHERE start_ms = ?');
  const fill = connection.prepare<[{ startMs: number; endMs: number }]>(FILL);
  for (const startMs of startsMs) {
    const endMs = startMs + BUCKET_MS;
    unpackBetween(connection, startMs, endMs);
    clear.run(startMs);
    fill.run({ startMs, endMs });
  }
}

// A response belongs to the project of the invocation that caused it, or else of the thread that it was read from.
const FILL = `
  INSERT INTO buckets (start_ms, provider, project_id, model, source, responses, unpriced_responses, input_tokens,
    cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost_nano_usd)
  SELECT @startMs, r.provider, coalesce(i.project_id, t.project_id, 'unknown'), r.model, r.source,
    count(*), count(*) - count(r.cost_nano_usd), sum(r.input_tokens), sum(r.cached_input_tokens),
    sum(r.cache_write_tokens), sum(r.output_tokens), sum(r.reasoning_tokens), sum(r.cost_nano_usd)
  FROM response_rows r LEFT JOIN invocations i ON i.id = r.invocation_id LEFT JOIN threads t ON t.id = r.thread_id
  WHERE r.completed_at_ms >= @startMs AND r.completed_at_ms < @endMs
  GROUP BY r.provider, coalesce(i.project_id, t.project_id, 'unknown'), r.model, r.source`;

/** Adds responses that are new to their buckets, without reading what is there. */
export interface BucketSums {
  add(response: ModelResponse, costNanoUsd: number | undefined, projectId: string): void;
  /** A response that was completed at `atMs` has changed. */
  renew(atMs: number): void;
  write(): void;
}

/** For many responses at once: sums in memory, and one row per bucket to write. */
export function createBucketSums(connection: Connection): BucketSums {
  const sums = new Map<string, Sum>();
  /** Responses come in order of time: mostly the next one belongs where the last one did. */
  let last: Sum | undefined;
  const renewed = new Set<number>();
  const find = (keys: SumKeys): Sum => {
    const { startMs, provider, projectId, model, source } = keys;
    const key = `${startMs} ${provider} ${source} ${projectId.length} ${projectId} ${model}`;
    const sum = sums.get(key) ?? { ...keys, ...NOTHING };
    sums.set(key, sum);
    return sum;
  };
  return {
    add({ completedAtMs, provider = 'codex', model, source, usage }, costNanoUsd, projectId) {
      const startMs = bucketStartOf(completedAtMs);
      const isLast = last?.startMs === startMs && last.model === model && last.projectId === projectId;
      const sum =
        last && isLast && last.source === source && last.provider === provider
          ? last
          : find({ startMs, provider, projectId, model, source });
      last = sum;
      sum.responses++;
      sum.input += usage.input;
      sum.cachedInput += usage.cachedInput;
      sum.cacheWrite += usage.cacheWrite;
      sum.output += usage.output;
      sum.reasoning += usage.reasoning;
      if (costNanoUsd === undefined) sum.unpricedResponses++;
      else sum.costNanoUsd = (sum.costNanoUsd ?? 0) + costNanoUsd;
    },
    renew: (atMs) => void renewed.add(bucketStartOf(atMs)),
    write() {
      const add = connection.prepare(ADD);
      for (const sum of sums.values()) add.run(sum);
      refreshBuckets(connection, renewed);
    },
  };
}

const NOTHING = {
  ...{ responses: 0, unpricedResponses: 0, input: 0, cachedInput: 0, cacheWrite: 0, output: 0, reasoning: 0 },
  costNanoUsd: null as number | null,
};
interface SumKeys {
  readonly startMs: number;
  readonly provider: string;
  readonly projectId: string;
  readonly model: string;
  readonly source: string;
}
type Sum = typeof NOTHING & SumKeys;

const ADD = `
  INSERT INTO buckets (start_ms, provider, project_id, model, source, responses, unpriced_responses, input_tokens,
    cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost_nano_usd)
  VALUES (@startMs, @provider, @projectId, @model, @source, @responses, @unpricedResponses, @input,
    @cachedInput, @cacheWrite, @output, @reasoning, @costNanoUsd)
  ON CONFLICT DO UPDATE SET responses = responses + excluded.responses,
    unpriced_responses = unpriced_responses + excluded.unpriced_responses,
    input_tokens = input_tokens + excluded.input_tokens,
    cached_input_tokens = cached_input_tokens + excluded.cached_input_tokens,
    cache_write_tokens = cache_write_tokens + excluded.cache_write_tokens,
    output_tokens = output_tokens + excluded.output_tokens,
    reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens,
    cost_nano_usd = coalesce(cost_nano_usd + excluded.cost_nano_usd, cost_nano_usd, excluded.cost_nano_usd)`;
