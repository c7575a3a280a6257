import { insertNote } from './notes.js';
import type { Connection } from './open.js';

/** Whether a response of this evidence may stand in for what a session file counts. */
export function mayStandIn(evidence: string): boolean {
  return LESSER.includes(evidence);
}

/**
 * Deletes what stood in for the responses of a session file that an invocation has by now, and says so in a note. It may
 * come back with a change that was kept aside, or be written after the file was read: it goes each time. Returns when what
 * is gone was completed: the buckets and the cost records are the caller's. To be used within a transaction.
 */
export function dropStandIns(connection: Connection, invocationId: string): number[] {
  const dropped = connection.prepare<[object], StandIn>(DROP).all({ invocationId });
  if (dropped.length === 0) return [];
  const sum = (counter: 'input' | 'output') => dropped.reduce((total, row) => total + row[counter], 0);
  const figures = { responses: dropped.length, input: sum('input'), output: sum('output') };
  insertNote(connection, invocationId, { kind: 'fallback', reason: REASON, figures });
  return dropped.map(({ atMs }) => atMs);
}

const REASON = 'a session file was read later: what it counts has replaced what had stood in for it';

interface StandIn {
  readonly atMs: number;
  readonly input: number;
  readonly output: number;
}

const LESSER: readonly string[] = ['otel', 'turn_completed', 'text', 'tokenizer'];
/** SQL: the same, of the column of a query. */
export const STANDS_IN = `evidence IN (${LESSER.map((evidence) => `'${evidence}'`).join(', ')})`;

// An estimate for one response that the session file leaves uncounted stands beside what the file counts.
const DROP = `
  DELETE FROM response_rows WHERE invocation_id = @invocationId AND ${STANDS_IN} AND response_key NOT LIKE 'estimate:%'
    AND EXISTS (SELECT 1 FROM response_rows better WHERE better.invocation_id = @invocationId
      AND better.evidence IN ('usage_record', 'token_count') AND (better.thread_id = response_rows.thread_id
        OR response_rows.thread_id = 'invocation:' || @invocationId))
  RETURNING completed_at_ms AS atMs, input_tokens AS input, output_tokens AS output`;
