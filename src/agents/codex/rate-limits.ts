import { isObject } from '../../formats/json.js';
import { isCount, isPossibleTime } from '../../usage/count.js';
import type { RateLimit } from '../../usage/record.js';

/** Before 0.101 Codex named no limit: there was one. */
const ONLY_LIMIT = 'codex';

/**
 * Reads `rate_limits` of a `token_count` that was written at `atMs`, as measured on 0.42 to 0.169. Returns undefined where
 * there are none. A window of another shape, without a length or out of all reason is left out: it must not cost the counts that
 * stand beside it.
 */
export function readRateLimits(raw: unknown, atMs: number): RateLimit[] | undefined {
  if (!isObject(raw)) return undefined;
  const limitId = raw.limit_id ?? ONLY_LIMIT;
  if (typeof limitId !== 'string') return undefined;
  const limits = [raw.primary, raw.secondary].flatMap((window) => readWindow(window, limitId, atMs) ?? []);
  return limits.length === 0 ? undefined : limits;
}

function readWindow(window: unknown, limitId: string, atMs: number): RateLimit | undefined {
  if (!isObject(window)) return undefined;
  const { used_percent: usedPercent, window_minutes: minutes } = window;
  if (typeof usedPercent !== 'number' || !Number.isFinite(usedPercent)) return undefined;
  const windowMinutes = Math.round(Number(minutes));
  if (!minutes || typeof minutes !== 'number' || !isCount(windowMinutes)) return undefined;
  const resetsAtMs = readReset(window, atMs);
  if (resetsAtMs !== undefined && !isPossibleTime(resetsAtMs)) return undefined;
  return { provider: 'codex', limitId, windowMinutes, usedPercent, resetsAtMs, observedAtMs: atMs };
}

/** A moment in epoch seconds since 0.64 at the latest; before, how many seconds from now. */
function readReset(window: Record<string, unknown>, atMs: number): number | undefined {
  const { resets_at: at, resets_in_seconds: after } = window;
  if (typeof at === 'number' && at !== 0) return Math.round(at * 1000);
  return typeof after === 'number' ? Math.round(atMs + after * 1000) : undefined;
}
