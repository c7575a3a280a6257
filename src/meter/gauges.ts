import type { RolloutRecord } from '../agents/codex/rollout.js';
import type { ContextFill, RateLimit } from '../usage/record.js';

/** What a session file tells beside usage: how full the thread's context is, and what is left of rate limits. */
export class Gauges {
  /** As the newest row that told of it said. */
  context: ContextFill | undefined;
  /** What has been read and not taken yet, the newest of each window. */
  readonly #rateLimits = new Map<string, RateLimit>();

  /** Takes the next record of the file. */
  add(record: RolloutRecord): void {
    if (record.kind !== 'token_count') return;
    this.context = record.context ?? this.context;
    for (const limit of record.rateLimits ?? []) {
      this.#rateLimits.set(`${limit.windowMinutes} ${limit.limitId}`, limit);
    }
  }

  /** What has become known of rate limits since the last time. */
  takeRateLimits(): RateLimit[] {
    const taken = [...this.#rateLimits.values()];
    this.#rateLimits.clear();
    return taken;
  }
}
