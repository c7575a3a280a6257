import type { OtelRecord, OtelReport, OtelResponse } from '../agents/codex/otel.js';
import { UNKNOWN_MODEL } from '../agents/codex/thread-state.js';
import { isUnrecognised } from '../formats/line.js';
import type { ModelResponse } from '../usage/record.js';
import { isNoUsage } from '../usage/usage.js';

/** Reads Codex's own telemetry, the only evidence of threads without a session file, sub-agents included. */
export class TelemetryReader {
  readonly responses: ModelResponse[] = [];
  readonly unreadable = new Map<string, number>();
  cliVersion: string | undefined;
  /** The threads that were named, in that order. */
  readonly threads = new Set<string>();
  /** How many requests have come, whatever they contained. */
  reports = 0;
  /** By thread, the responses that completed and whose counts have not come. */
  readonly #uncounted = new Map<string, number>();
  readonly #invocationId: string;
  readonly #serviceTier: string | undefined;

  /** The telemetry names no service tier: `serviceTier` is the one that Codex was told to ask for. */
  constructor(invocationId: string, serviceTier: string | undefined) {
    this.#invocationId = invocationId;
    this.#serviceTier = serviceTier;
  }

  /** How many responses of threads without a session file completed, and what they used is not known. */
  countUncounted(hasFile: (threadId: string) => boolean): number {
    return [...this.#uncounted].reduce((sum, [threadId, count]) => (hasFile(threadId) ? sum : sum + count), 0);
  }

  /** Takes what one request reports. */
  add(report: OtelReport): void {
    this.reports++;
    if (isUnrecognised(report)) this.#countUnreadable(report.reason);
    else for (const record of report) this.#addRecord(record);
  }

  #addRecord(record: OtelRecord): void {
    if (record.threadId) this.threads.add(record.threadId);
    if (record.kind === 'completed') this.#expect(record.threadId, 1);
    else if (record.kind === 'counted') this.#addResponse(record);
    else {
      this.#countUnreadable(record.reason);
      if (record.threadId !== undefined) this.#expect(record.threadId, -1);
    }
  }

  #addResponse({ threadId, model, cliVersion, atMs, usage }: OtelResponse): void {
    this.cliVersion ??= cliVersion;
    // A websocket is warmed up by an empty request; zeros of other responses mean that the counts are missing.
    if (isNoUsage(usage)) return;
    this.#expect(threadId, -1);
    this.responses.push({
      threadId,
      key: `otel:${this.#invocationId}:${this.responses.length + 1}`,
      turnId: undefined,
      rootTurnId: undefined,
      model: model ?? UNKNOWN_MODEL,
      serviceTier: this.#serviceTier,
      usage,
      evidence: 'otel',
      source: 'actual',
      completedAtMs: atMs,
    });
  }

  /** Over a websocket nothing announces the counts, so that there may be none to take off. */
  #expect(threadId: string, change: 1 | -1): void {
    this.#uncounted.set(threadId, Math.max(0, (this.#uncounted.get(threadId) ?? 0) + change));
  }

  #countUnreadable(reason: string): void {
    this.unreadable.set(reason, (this.unreadable.get(reason) ?? 0) + 1);
  }
}
