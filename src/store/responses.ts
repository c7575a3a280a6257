import type { PricedResponse } from '../usage/record.js';
import type { RecordedBefore } from '../usage/resumed-total.js';
import { EVIDENCE } from '../usage/source.js';
import type { Usage } from '../usage/usage.js';
import type { Connection } from './open.js';
import { RESPONSE_COLUMNS, RESPONSE_VALUES, toResponseValues } from './response-rows.js';

const BEST_FIRST = EVIDENCE.map((evidence, rank) => `WHEN '${evidence}' THEN ${rank}`).join(' ');
const rankOf = (column: string) => `CASE ${column} ${BEST_FIRST} END`;

const UPSERT = `
  INSERT INTO response_rows (invocation_id, ${RESPONSE_COLUMNS}) VALUES (@invocationId, ${RESPONSE_VALUES})
  ON CONFLICT (thread_id, response_key) DO UPDATE SET
    invocation_id = coalesce(response_rows.invocation_id, excluded.invocation_id),
    model = excluded.model, service_tier = excluded.service_tier,
    input_tokens = excluded.input_tokens, cached_input_tokens = excluded.cached_input_tokens,
    cache_write_tokens = excluded.cache_write_tokens, cache_write_1h_tokens = excluded.cache_write_1h_tokens,
    output_tokens = excluded.output_tokens,
    reasoning_tokens = excluded.reasoning_tokens, evidence = excluded.evidence, source = excluded.source,
    cost_nano_usd = excluded.cost_nano_usd, price = excluded.price
  WHERE ${rankOf('excluded.evidence')} < ${rankOf('response_rows.evidence')}
     OR (excluded.evidence = response_rows.evidence
         AND excluded.invocation_id = coalesce(response_rows.invocation_id, excluded.invocation_id))
  RETURNING invocation_id AS invocationId, completed_at_ms AS completedAtMs`;

/** A row that was written. */
export interface WrittenResponse {
  /** Null: it was read from history, and no invocation is known to have caused it. */
  readonly invocationId: string | null;
  readonly completedAtMs: number;
}

/**
 * Records one response of a thread that is not packed; `invocationId` is null for one that was read from history. A row
 * that is there gives way to better evidence, and keeps its invocation; one without takes the first invocation that has
 * recorded it too. Returns the row that was written, or undefined when what is there is as good.
 */
export function upsertResponse(
  connection: Connection,
  invocationId: string | null,
  response: PricedResponse,
): WrittenResponse | undefined {
  const price = response.price === undefined ? null : JSON.stringify(response.price);
  const values = toResponseValues(response, response.costNanoUsd, price, Date.now());
  return connection.prepare<unknown[], WrittenResponse>(UPSERT).get({ invocationId, ...values });
}

/**
 * What is recorded of a thread other than for `invocationId`, as far as it was completed by `untilMs`: for other
 * invocations, and what was read from history and belongs to none.
 */
export function readRecordedBefore(
  connection: Connection,
  { threadId, invocationId, untilMs = Number.MAX_SAFE_INTEGER }: BeforeQuery,
): RecordedBefore {
  const sum = (column: string) => `coalesce(sum(${column}), 0)`;
  const usage = connection
    .prepare<[object], Usage>(
      `SELECT ${sum('input_tokens')} AS input, ${sum('cached_input_tokens')} AS cachedInput,
         ${sum('cache_write_tokens')} AS cacheWrite, ${sum('output_tokens')} AS output,
         ${sum('reasoning_tokens')} AS reasoning
       FROM responses
       WHERE thread_id = @threadId AND invocation_id IS NOT @invocationId AND completed_at_ms <= @untilMs`,
    )
    .get({ threadId, invocationId, untilMs }) as Usage;
  const codexVersion = connection.prepare<[object], string | null>(NEWEST_VERSION).pluck().get({ threadId });
  return { usage, codexVersion: codexVersion ?? undefined };
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
