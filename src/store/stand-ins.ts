import { refreshCostRecords } from './cost-records.js';
import { insertNote } from './notes.js';
import type { Connection } from './open.js';
import { unpackForInvocation } from './packs.js';

/** When responses were completed that now belong elsewhere, or are gone: their buckets have changed. */
export type Moved = readonly number[];

/**
 * Gives an invocation the responses of its thread, and of the child threads of it, that were read from history and were
 * completed while it ran. What stood in for them (an invocation whose session file was not found) goes, and a note says so.
 * Its cost records follow; the buckets of what is returned are the caller's. To be used within a transaction, as often as
 * one likes.
 */
export function replaceStandIns(connection: Connection, invocationId: string): Moved {
  unpackForInvocation(connection, invocationId);
  const claimed = connection.prepare<[object], number>(CLAIM).pluck().all({ invocationId });
  // A change that was kept aside can bring again what has gone.
  const isReplaced = claimed.length > 0 || connection.prepare(IS_REPLACED).get(invocationId, REASON) !== undefined;
  const dropped = isReplaced ? connection.prepare<[object], StandIn>(DROP).all({ invocationId }) : [];
  if (dropped.length > 0) {
    const sum = (counter: 'input' | 'output') => dropped.reduce((total, row) => total + row[counter], 0);
    const figures = { responses: dropped.length, input: sum('input'), output: sum('output') };
    insertNote(connection, invocationId, { kind: 'fallback', reason: REASON, figures });
  }
  if (claimed.length + dropped.length > 0) refreshCostRecords(connection, invocationId);
  return [...claimed, ...dropped.map(({ atMs }) => atMs)];
}

const REASON = 'a session file was read later: what it counts has replaced what had stood in for it';

/** The same for the invocations that have ended and that the responses of threads may belong to; for many threads. */
export function createThreadReplacement(connection: Connection): (threadIds: readonly string[]) => Moved {
  // Where nothing was ever metered, as when a history is read first, there is nobody to look for.
  const hasInvocations = connection.prepare('SELECT 1 FROM invocations LIMIT 1');
  const find = connection.prepare<[string], string>(INVOCATIONS_OF_THREAD).pluck();
  return (threadIds) => {
    if (!hasInvocations.get()) return [];
    return threadIds
      .flatMap((threadId) => find.all(threadId))
      .flatMap((invocationId) => replaceStandIns(connection, invocationId));
  };
}

/** Whether a response of this evidence may stand in for what a session file counts. */
export function mayStandIn(evidence: string): boolean {
  return LESSER.includes(evidence);
}

interface StandIn {
  readonly atMs: number;
  readonly input: number;
  readonly output: number;
}

const LESSER: readonly string[] = ['otel', 'turn_completed', 'text', 'tokenizer'];
/** The same, of the column of a query. */
export const STANDS_IN = `evidence IN (${LESSER.map((evidence) => `'${evidence}'`).join(', ')})`;

// A fork is a session of its own, though its chain of parents began with another.
const INVOCATIONS_OF_THREAD = `
  SELECT i.id FROM threads t JOIN invocations i ON i.thread_id IN (t.id, iif(t.kind = 'main', t.id, t.root_id))
  WHERE t.id = ? AND i.ended_at_ms IS NOT NULL ORDER BY i.started_at_ms DESC`;

const CLAIM = `
  UPDATE response_rows SET invocation_id = i.id FROM invocations i
  WHERE i.id = @invocationId AND response_rows.invocation_id IS NULL
    AND response_rows.thread_id IN (SELECT id FROM threads WHERE id = i.thread_id
      UNION ALL SELECT id FROM threads WHERE root_id = i.thread_id AND kind <> 'main' AND id <> root_id)
    AND response_rows.completed_at_ms BETWEEN i.started_at_ms AND coalesce(i.ended_at_ms, 1e300)
  RETURNING completed_at_ms`;

const IS_REPLACED = 'SELECT 1 FROM notes WHERE invocation_id = ? AND reason = ?';

// An estimate for one response that the session file leaves uncounted stands beside what the file counts.
const DROP = `
  DELETE FROM response_rows WHERE invocation_id = @invocationId AND ${STANDS_IN} AND response_key NOT LIKE 'estimate:%'
    AND EXISTS (SELECT 1 FROM response_rows better WHERE better.invocation_id = @invocationId
      AND better.evidence IN ('usage_record', 'token_count') AND (better.thread_id = response_rows.thread_id
        OR response_rows.thread_id = 'invocation:' || @invocationId))
  RETURNING completed_at_ms AS atMs, input_tokens AS input, output_tokens AS output`;
