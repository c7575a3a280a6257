import * as z from 'zod/mini';
import { isCount, isPossibleTime } from '../../usage/count.js';
import type { RateLimit } from '../../usage/record.js';

const rateWindow = z.nullish(
  z.object({
    used_percent: z.number(),
    window_minutes: z.nullish(z.number()),
    resets_at: z.nullish(z.number()),
    resets_in_seconds: z.nullish(z.number()),
  }),
);

/**
 * `rate_limits` of a `token_count`, as measured on 0.42 to 0.169. What has another shape is taken for nothing: it must
 * not cost the counts that stand beside it.
 */
export const codexRateLimits = z.catch(
  z.nullish(z.object({ limit_id: z.nullish(z.string()), primary: rateWindow, secondary: rateWindow })),
  undefined,
);

/** Before 0.101 Codex named no limit: there was one. */
const ONLY_LIMIT = 'codex';

/** The windows of a snapshot that was written at `atMs`; undefined where it has none. A window without a length is no use. */
export function toRateLimits(raw: z.infer<typeof codexRateLimits>, atMs: number): RateLimit[] | undefined {
  const limits = [raw?.primary, raw?.secondary].flatMap((window): RateLimit[] => {
    if (!window?.window_minutes || !isPossible(window, atMs)) return [];
    return [
      {
        provider: 'codex',
        limitId: raw?.limit_id ?? ONLY_LIMIT,
        windowMinutes: Math.round(window.window_minutes),
        usedPercent: window.used_percent,
        resetsAtMs: resetsAtMs(window, atMs),
        observedAtMs: atMs,
      },
    ];
  });
  return limits.length === 0 ? undefined : limits;
}

type Window = NonNullable<z.infer<typeof rateWindow>>;

/** Whether the record can hold it. A window out of all reason is left out, as one without a length is. */
function isPossible(window: Window, atMs: number): boolean {
  const resets = resetsAtMs(window, atMs);
  return isCount(Math.round(window.window_minutes ?? 0)) && (resets === undefined || isPossibleTime(resets));
}

/** A moment in epoch seconds since 0.64 at the latest; before, how long from now. */
function resetsAtMs({ resets_at, resets_in_seconds }: Window, atMs: number): number | undefined {
  if (resets_at) return Math.round(resets_at * 1000);
  return typeof resets_in_seconds === 'number' ? Math.round(atMs + resets_in_seconds * 1000) : undefined;
}
