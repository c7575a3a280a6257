import { COUNTERS } from '../usage/counters.js';
import type { ModelResponse, PricedResponse } from '../usage/record.js';
import { BUCKET_MS, type BucketSum, BucketTally, bucketStartOf, sumOf } from './bucket-tally.js';
import { ADD_COUNTERS, COUNTER_COLUMNS, sumCounterColumns } from './counter-columns.js';
import type { Connection } from './open.js';
import { unpackBetween } from './packs.js';
import { lacksPrice } from './response-rows.js';

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
  INSERT INTO buckets (start_ms, provider, project_id, model, source, responses, unpriced_responses,
    ${COUNTER_COLUMNS}, cost_nano_usd)
  SELECT @startMs, r.provider, coalesce(i.project_id, t.project_id, 'unknown'), r.model, r.source,
    count(*), sum(${lacksPrice('r')}), ${sumCounterColumns('r')}, sum(r.cost_nano_usd)
  FROM response_rows r LEFT JOIN invocations i ON i.id = r.invocation_id LEFT JOIN threads t ON t.id = r.thread_id
  WHERE r.completed_at_ms >= @startMs AND r.completed_at_ms < @endMs
  GROUP BY r.provider, coalesce(i.project_id, t.project_id, 'unknown'), r.model, r.source`;

/** Adds responses that are new to their buckets, without reading what is there. */
export interface BucketSums {
  add(response: ModelResponse, bill: Pick<PricedResponse, 'costNanoUsd' | 'costExtent'>, projectId: string): void;
  addSums(sums: readonly BucketSum[], projectId: string): void;
  /** A response that was completed at `atMs` has changed. */
  renew(atMs: number): void;
  write(): void;
}

/** Prepares the adding to buckets, for many responses at once. Each transaction begins anew. */
export function createBucketSums(connection: Connection): () => BucketSums {
  const insert = connection.prepare<unknown[]>(ADD);
  const put = (sum: BucketSum, projectId: string) => {
    const { startMs, provider, model, source, responses, unpricedResponses, counts, costNanoUsd } = sum;
    insert.run(startMs, provider, projectId, model, source, responses, unpricedResponses, ...counts, costNanoUsd);
  };
  return () => {
    const tallies = new Map<string, BucketTally>();
    const renewed = new Set<number>();
    return {
      add(response, bill, projectId) {
        const tally = tallies.get(projectId) ?? new BucketTally();
        tallies.set(projectId, tally);
        tally.add(response, sumOf(response, bill));
      },
      addSums(sums, projectId) {
        for (const sum of sums) put(sum, projectId);
      },
      renew: (atMs) => void renewed.add(bucketStartOf(atMs)),
      write() {
        for (const [projectId, tally] of tallies) for (const sum of tally.list()) put(sum, projectId);
        refreshBuckets(connection, renewed);
      },
    };
  };
}

const ADD = `
  INSERT INTO buckets (start_ms, provider, project_id, model, source, responses, unpriced_responses,
    ${COUNTER_COLUMNS}, cost_nano_usd)
  VALUES (?, ?, ?, ?, ?, ?, ?, ${COUNTERS.map(() => '?').join(', ')}, ?)
  ON CONFLICT DO UPDATE SET responses = responses + excluded.responses,
    unpriced_responses = unpriced_responses + excluded.unpriced_responses,
    ${ADD_COUNTERS},
    cost_nano_usd = coalesce(cost_nano_usd + excluded.cost_nano_usd, cost_nano_usd, excluded.cost_nano_usd)`;
