import { COUNTERS } from '../usage/counters.js';
import type { ModelResponse, PricedResponse } from '../usage/record.js';
import { BUCKET_MS, type BucketSum, BucketTally, bucketStartOf } from './bucket-tally.js';
import { ADD_COUNTERS, COUNTER_COLUMNS, sumCounterColumns } from './counter-columns.js';
import type { Connection } from './open.js';
import { type SealedPack, sumPack } from './pack.js';
import { lacksPrice } from './response-rows.js';

/** Makes the buckets that begin at `startsMs` the sums of the responses that were completed in them. */
export function refreshBuckets(connection: Connection, startsMs: Iterable<number>): void {
  const clear = connection.prepare<[number]>('DELETE FROM buckets WHERE start_ms = ?');
  const fill = connection.prepare<[{ startMs: number; endMs: number }]>(FILL);
  const put = createPut(connection);
  const listPacked = createPackedSums(connection);
  for (const startMs of startsMs) {
    clear.run(startMs);
    fill.run({ startMs, endMs: startMs + BUCKET_MS });
    for (const [sum, projectId] of listPacked(startMs)) put(sum, projectId);
  }
}

/** The sums of packs that were opened, by connection. A pack never changes, so they hold as long as its name does. */
const OPENED = new WeakMap<Connection, Map<string, readonly BucketSum[]>>();
const MOST_OPENED = 1000;

/** Prepares the reading of what packs have in a bucket, and of which project it is. */
function createPackedSums(connection: Connection): (startMs: number) => [sum: BucketSum, projectId: string][] {
  type Found = { readonly id: number; readonly name: string; readonly projectId: string };
  const find = connection.prepare<[{ startMs: number; endMs: number }], Found>(PACKS_OF_BUCKET);
  const read = connection.prepare<[number], SealedPack>(READ_PACK);
  const opened = OPENED.get(connection) ?? new Map<string, readonly BucketSum[]>();
  OPENED.set(connection, opened);
  const sumsOf = ({ id, name }: Found) => {
    const known = opened.get(name) ?? sumPack(read.get(id) as SealedPack);
    if (opened.size >= MOST_OPENED) opened.clear();
    opened.set(name, known);
    return known;
  };
  return (startMs) =>
    find.all({ startMs, endMs: startMs + BUCKET_MS }).flatMap((found) => {
      const here = sumsOf(found).filter((sum) => sum.startMs === startMs);
      return here.map((sum): [BucketSum, string] => [sum, found.projectId]);
    });
}

// SQLite may give a new pack the id of one that was deleted.
const PACKS_OF_BUCKET = `
  SELECT p.id, p.id || ' ' || p.thread_id || ' ' || p.recorded_at_ms || ' ' || p.responses || ' ' || p.first_completed_at_ms
    || ' ' || p.last_completed_at_ms AS name, coalesce(t.project_id, 'unknown') AS projectId
  FROM response_packs p LEFT JOIN threads t ON t.id = p.thread_id
  WHERE p.last_completed_at_ms >= @startMs AND p.first_completed_at_ms < @endMs ORDER BY p.id`;

/** Reads a `SealedPack` by its id. */
export const READ_PACK = `
  SELECT provider, thread_id AS threadId, turns, kinds, counts FROM response_packs WHERE id = ?`;

// The project is that of the response's invocation, or else of its thread.
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
  /** Has the bucket of `atMs` computed anew, because a response that was completed then has changed. */
  renew(atMs: number): void;
  write(): void;
}

/** Prepares the adding of many responses to buckets. Call the result once for each transaction. */
export function createBucketSums(connection: Connection): () => BucketSums {
  const put = createPut(connection);
  return () => {
    const tallies = new Map<string, BucketTally>();
    const renewed = new Set<number>();
    return {
      add(response, bill, projectId) {
        const tally = tallies.get(projectId) ?? new BucketTally();
        tallies.set(projectId, tally);
        tally.add(response, response.usage, bill);
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

function createPut(connection: Connection): (sum: BucketSum, projectId: string) => void {
  const insert = connection.prepare<unknown[]>(ADD);
  return (sum, projectId) => {
    const { startMs, provider, model, source, responses, unpricedResponses, counts, costNanoUsd } = sum;
    insert.run(startMs, provider, projectId, model, source, responses, unpricedResponses, ...counts, costNanoUsd);
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
