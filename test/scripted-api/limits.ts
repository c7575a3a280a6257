/** A window that limits a subscription. `resetsAt` is in epoch seconds. */
export interface LimitWindow {
  usedPercent: number;
  windowMinutes: number;
  resetsAt: number;
}

/** The headers in which the API sends Codex its rate limits, by the names that 0.64 to 0.169 read. */
export function limitHeaders(windows: Partial<Record<'primary' | 'secondary', LimitWindow>>): Record<string, string> {
  const entries = Object.entries(windows).flatMap(([name, { usedPercent, windowMinutes, resetsAt }]) => [
    [`x-codex-${name}-used-percent`, String(usedPercent)],
    [`x-codex-${name}-window-minutes`, String(windowMinutes)],
    [`x-codex-${name}-reset-at`, String(resetsAt)],
  ]);
  return Object.fromEntries(entries);
}
