import { bucketStartOf } from './bucket-tally.js';
import { refreshBuckets } from './buckets.js';
import { refreshCostRecords } from './cost-records.js';
import { type Connection, explainingFaults } from './open.js';
import { unpackSession } from './packs.js';
import { STANDS_IN } from './stand-ins.js';
import type { Store } from './store.js';

export interface Claim {
  readonly invocationId: string;
  readonly threadId: string;
  /** Responses that were completed later belong to another invocation. */
  readonly untilMs: number;
}

/**
 * Gives an invocation the responses of its thread, and of the threads that this one started, that were read from
 * history and that no invocation has. What stood in for them goes. Returns how many they are. Throws a StoreError.
 */
export function claimResponses(store: Store, claim: Claim): number {
  return explainingFaults(store.path, () =>
    store.connection.transaction(() => claimWithin(store.connection, claim)).immediate(),
  );
}

function claimWithin(connection: Connection, { invocationId, threadId, untilMs }: Claim): number {
  unpackSession(connection, threadId);
  const claimed = connection.prepare<object, number>(CLAIM).pluck().all({ invocationId, threadId, untilMs });
  if (claimed.length === 0) return 0;
  const dropped = connection.prepare<[string], number>(DROP_STAND_INS).pluck().all(invocationId);
  refreshCostRecords(connection, invocationId);
  refreshBuckets(connection, new Set([...claimed, ...dropped].map(bucketStartOf)));
  return claimed.length;
}

const CLAIM = `
  UPDATE response_rows SET invocation_id = @invocationId
  WHERE invocation_id IS NULL AND completed_at_ms <= @untilMs
    AND thread_id IN (SELECT id FROM threads WHERE id = @threadId OR root_id = @threadId)
  RETURNING completed_at_ms`;

const DROP_STAND_INS = `
  DELETE FROM response_rows WHERE invocation_id = ? AND ${STANDS_IN}
  RETURNING completed_at_ms`;

/** How many responses an invocation has. */
export function countResponses(connection: Connection, invocationId: string): number {
  return connection
    .prepare<[string], number>('SELECT count(*) FROM response_rows WHERE invocation_id = ?')
    .pluck()
    .get(invocationId) as number;
}

/** Whether a run was metered, so that there is nothing to backfill. */
export function wasMetered(
  connection: Connection,
  run: { projectId: string; runId: string; phase: string; iteration: number; threadId: string | undefined },
): boolean {
  return (
    connection
      .prepare<object>(
        `SELECT 1 FROM invocations WHERE origin <> 'backfilled' AND run_id = @runId AND phase = @phase
         AND iteration = @iteration AND (project_id = @projectId OR thread_id = @threadId)`,
      )
      .get({ ...run, threadId: run.threadId ?? null }) !== undefined
  );
}
