import type { PricedResponse } from '../usage/record.js';
import type { RecordedBefore } from '../usage/resumed-total.js';
import type { Usage } from '../usage/usage.js';
import { goesBefore, isBetterEvidence } from './assignment/rule.js';
import { sumCounters } from './counter-columns.js';
import type { Connection } from './open.js';
import { RESPONSE_COLUMNS, RESPONSE_VALUES, SET_COUNTS, toResponseValues } from './response-rows.js';
import { readRow, readValue } from './sql.js';

/** A row that was written. */
export interface WrittenResponse {
  readonly completedAtMs: number;
  /** The invocations whose responses have changed: the one that has it now, and the one that had it before. */
  readonly invocationIds: readonly string[];
}

/**
 * Records one response of a thread that is not packed, as one of `invocationId`, which is null for one that no invocation has
 * recorded. Where it is recorded already it is assigned by the rule of `assignment/`, and its counts give way to better
 * evidence. Returns the row that was written, or undefined when nothing has changed.
 */
export function upsertResponse(
  connection: Connection,
  invocationId: string | null,
  response: PricedResponse,
): WrittenResponse | undefined {
  const price = response.price === undefined ? null : JSON.stringify(response.price);
  const values = { invocationId, ...toResponseValues(response, response, price, Date.now()) };
  const held = readRow<{ holder: string | null; gives: 0 | 1 }>(connection, HOLDER, values);
  const moved = held?.gives ? readRow<Row>(connection, ASSIGN, values) : undefined;
  const row = readRow<Row>(connection, UPSERT, values) ?? moved;
  if (!row) return undefined;
  const { completedAtMs } = row;
  return { completedAtMs, invocationIds: [row.invocationId, held?.holder].filter((id) => typeof id === 'string') };
}

interface Row {
  readonly invocationId: string | null;
  readonly completedAtMs: number;
}

const HOLDER = `
  SELECT invocation_id AS holder, ${goesBefore('@invocationId', 'invocation_id')} AS gives
  FROM response_rows WHERE thread_id = @threadId AND response_key = @key`;

const ASSIGN = `
  UPDATE response_rows SET invocation_id = @invocationId WHERE thread_id = @threadId AND response_key = @key
  RETURNING invocation_id AS invocationId, completed_at_ms AS completedAtMs`;

const UPSERT = `
  INSERT INTO response_rows (invocation_id, ${RESPONSE_COLUMNS}) VALUES (@invocationId, ${RESPONSE_VALUES})
  ON CONFLICT (thread_id, response_key) DO UPDATE SET ${SET_COUNTS}
  WHERE ${isBetterEvidence('@evidence', 'evidence')} OR (evidence = @evidence AND invocation_id IS @invocationId)
  RETURNING invocation_id AS invocationId, completed_at_ms AS completedAtMs`;

/**
 * Sums up what is recorded of a thread by `untilMs` for other invocations than `invocationId`, or for none.
 */
export function readRecordedBefore(
  connection: Connection,
  { threadId, invocationId, untilMs = Number.MAX_SAFE_INTEGER }: BeforeQuery,
): RecordedBefore {
  const sql = `SELECT ${sumCounters(undefined, 'zero')} FROM responses
    WHERE thread_id = @threadId AND invocation_id IS NOT @invocationId AND completed_at_ms <= @untilMs`;
  const usage = readRow<Usage>(connection, sql, { threadId, invocationId, untilMs }) as Usage;
  const codexVersion = readValue<string | null>(connection, NEWEST_VERSION, { threadId }) ?? undefined;
  return { usage, codexVersion };
}

export interface BeforeQuery {
  readonly threadId: string;
  readonly invocationId: string;
  readonly untilMs?: number;
}

// A thread's header says which Codex began it.
const NEWEST_VERSION = `
  SELECT coalesce(
    (SELECT codex_version FROM invocations WHERE thread_id = @threadId AND codex_version IS NOT NULL
      ORDER BY started_at_ms DESC LIMIT 1),
    (SELECT cli_version FROM threads WHERE id = @threadId))`;
