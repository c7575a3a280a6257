import type { Connection } from './open.js';
import { readRows } from './sql.js';

/** A response in the order of its thread. */
export interface ThreadResponse {
  readonly threadId: string;
  readonly key: string;
  readonly model: string;
  readonly input: number;
  readonly completedAtMs: number;
}

/** The responses of `threadIds` until `untilMs` (inclusive), whoever caused them, in the order in which they were completed. */
export function readThreadResponses(
  connection: Connection,
  threadIds: readonly string[],
  untilMs: number,
): ThreadResponse[] {
  const sql = `
    SELECT thread_id AS threadId, response_key AS key, model, input_tokens AS input, completed_at_ms AS completedAtMs
    FROM responses WHERE thread_id IN (SELECT value FROM json_each(?)) AND completed_at_ms <= ?
    ORDER BY completed_at_ms, id`;
  return readRows(connection, sql, [JSON.stringify(threadIds), untilMs]);
}
