import { bucketStartOf } from './bucket-tally.js';
import { refreshBuckets } from './buckets.js';
import { refreshCostRecords } from './cost-records.js';
import { type Connection, explainingFaults } from './open.js';
import { threadsFrom } from './ownership.js';
import { unpackSession } from './packs.js';
import { dropStandIns, STANDS_IN } from './stand-ins.js';
import type { Store } from './store.js';

/** From after `afterMs`, or the beginning, to `untilMs`, inclusive: epoch milliseconds. */
export interface Span {
  readonly afterMs: number | undefined;
  readonly untilMs: number;
}

export interface Claim {
  readonly invocationId: string;
  readonly threadId: string;
  /** When it ran: responses that were completed before or later are not its own. */
  readonly span: Span;
}

/**
 * Gives an invocation the responses of its thread, and of the threads that this one started, that were read from
 * history, that no invocation has and that were completed in its time. What stood in for them goes, and what it was given
 * before from another time is taken from it. Returns how many it was given. Throws a StoreError.
 */
export function claimResponses(store: Store, claim: Claim): number {
  return explainingFaults(store.path, () =>
    store.connection.transaction(() => claimWithin(store.connection, claim)).immediate(),
  );
}

function claimWithin(connection: Connection, { invocationId, threadId, span }: Claim): number {
  unpackSession(connection, threadId);
  const values = { invocationId, threadId, afterMs: span.afterMs ?? Number.MIN_SAFE_INTEGER, untilMs: span.untilMs };
  const released = connection.prepare<object, number>(RELEASE).pluck().all(values);
  const claimed = connection.prepare<object, number>(CLAIM).pluck().all(values);
  const dropped = claimed.length === 0 ? [] : dropStandIns(connection, invocationId);
  const changed = [...released, ...claimed, ...dropped];
  if (changed.length > 0) refreshCostRecords(connection, invocationId);
  refreshBuckets(connection, new Set(changed.map(bucketStartOf)));
  return claimed.length;
}

const IS_WITHIN = 'completed_at_ms > @afterMs AND completed_at_ms <= @untilMs';

const CLAIM = `
  UPDATE response_rows SET invocation_id = @invocationId
  WHERE invocation_id IS NULL AND ${IS_WITHIN} AND thread_id IN ${threadsFrom('@threadId')}
  RETURNING completed_at_ms`;

// Earlier versions gave the last invocation of a thread all that came after it.
const RELEASE = `
  UPDATE response_rows SET invocation_id = NULL
  WHERE invocation_id = @invocationId AND NOT (${IS_WITHIN}) AND NOT ${STANDS_IN} AND thread_id IN ${threadsFrom('@threadId')}
  RETURNING completed_at_ms`;

export interface ReadQuery {
  readonly threadId: string;
  /** All when absent. */
  readonly span?: Span;
  /** Only what this invocation has, or may be given because no other has it. */
  readonly availableTo?: string;
}

/** How many responses of a thread, and of the threads that it started, were read from session files. */
export function countRead(connection: Connection, { threadId, span, availableTo }: ReadQuery): number {
  const isAvailable = availableTo === undefined ? '' : 'AND coalesce(invocation_id, @availableTo) = @availableTo';
  const afterMs = span?.afterMs ?? Number.MIN_SAFE_INTEGER;
  const untilMs = span?.untilMs ?? Number.MAX_SAFE_INTEGER;
  return connection
    .prepare<object, number>(
      `SELECT count(*) FROM responses
       WHERE ${IS_WITHIN} AND thread_id IN ${threadsFrom('@threadId')} AND NOT ${STANDS_IN} ${isAvailable}`,
    )
    .pluck()
    .get({ threadId, afterMs, untilMs, availableTo }) as number;
}

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
