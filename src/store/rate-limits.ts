import type { RateLimit } from '../usage/record.js';
import type { Connection } from './open.js';

/** Keeps what was heard of a window unless something newer was. */
export function upsertRateLimit(connection: Connection, limit: RateLimit): void {
  connection
    .prepare(
      `INSERT INTO rate_limits (provider, limit_id, window_minutes, used_percent, resets_at_ms, observed_at_ms)
       VALUES (@provider, @limitId, @windowMinutes, @usedPercent, @resetsAtMs, @observedAtMs)
       ON CONFLICT (provider, limit_id, window_minutes) DO UPDATE SET
         used_percent = excluded.used_percent, resets_at_ms = excluded.resets_at_ms,
         observed_at_ms = excluded.observed_at_ms
       WHERE excluded.observed_at_ms >= rate_limits.observed_at_ms`,
    )
    .run({ ...limit, resetsAtMs: limit.resetsAtMs ?? null });
}

/** What was last heard of each window, the shortest first. */
export function readRateLimits(connection: Connection): RateLimit[] {
  return connection
    .prepare<[], Omit<RateLimit, 'resetsAtMs'> & { resetsAtMs: number | null }>(
      `SELECT provider, limit_id AS limitId, window_minutes AS windowMinutes, used_percent AS usedPercent,
         resets_at_ms AS resetsAtMs, observed_at_ms AS observedAtMs
       FROM rate_limits ORDER BY provider, limit_id, window_minutes`,
    )
    .all()
    .map((row) => ({ ...row, resetsAtMs: row.resetsAtMs ?? undefined }));
}
