import type { RateLimit } from '../usage/record.js';
import type { Connection } from './open.js';
import { insertRow, readRows } from './sql.js';

/** Records what was heard of a window unless something newer was. */
export function upsertRateLimit(connection: Connection, limit: RateLimit): void {
  const row = {
    ...{ provider: limit.provider, limit_id: limit.limitId, window_minutes: limit.windowMinutes },
    ...{ used_percent: limit.usedPercent, resets_at_ms: limit.resetsAtMs, observed_at_ms: limit.observedAtMs },
  };
  insertRow(connection, 'rate_limits', row, UNLESS_NEWER);
}

const UNLESS_NEWER = `ON CONFLICT (provider, limit_id, window_minutes) DO UPDATE SET
  used_percent = excluded.used_percent, resets_at_ms = excluded.resets_at_ms, observed_at_ms = excluded.observed_at_ms
  WHERE excluded.observed_at_ms >= rate_limits.observed_at_ms`;

/** What was last heard of each window, the shortest first. */
export function readRateLimits(connection: Connection): RateLimit[] {
  const sql = `
    SELECT provider, limit_id AS limitId, window_minutes AS windowMinutes, used_percent AS usedPercent,
      resets_at_ms AS resetsAtMs, observed_at_ms AS observedAtMs
    FROM rate_limits ORDER BY provider, limit_id, window_minutes`;
  return readRows<RateLimit>(connection, sql).map((row) => ({ ...row, resetsAtMs: row.resetsAtMs ?? undefined }));
}
