import type { Connection } from './open.js';

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
    clear.run(startMs);
    fill.run({ startMs, endMs: startMs + BUCKET_MS });
  }
}

// A response belongs to the project of the invocation that caused it, or else of the thread that it was read from.
const FILL = `
  INSERT INTO buckets (start_ms, provider, project_id, model, source, responses, unpriced_responses, input_tokens,
    cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens, cost_nano_usd)
  SELECT @startMs, r.provider, coalesce(i.project_id, t.project_id, 'unknown'), r.model, r.source,
    count(*), count(*) - count(r.cost_nano_usd), sum(r.input_tokens), sum(r.cached_input_tokens),
    sum(r.cache_write_tokens), sum(r.output_tokens), sum(r.reasoning_tokens), sum(r.cost_nano_usd)
  FROM responses r LEFT JOIN invocations i ON i.id = r.invocation_id LEFT JOIN threads t ON t.id = r.thread_id
  WHERE r.completed_at_ms >= @startMs AND r.completed_at_ms < @endMs
  GROUP BY r.provider, coalesce(i.project_id, t.project_id, 'unknown'), r.model, r.source`;
