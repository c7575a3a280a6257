import { parseOtelBody } from '../formats/codex-otel.js';
import { UNKNOWN_MODEL } from '../formats/codex-thread-state.js';
import type { ModelResponse, Note } from '../usage/record.js';

/** What Codex's own telemetry has told: the one source that covers a run without a session file, sub-agents included. */
export class TelemetryReader {
  readonly responses: ModelResponse[] = [];
  readonly unreadable = new Map<string, number>();
  cliVersion: string | undefined;
  /** Responses that completed, with or without usage. */
  completed = 0;
  readonly #invocationId: string;
  readonly #serviceTier: string | undefined;

  /** The telemetry names no service tier: `serviceTier` is the one that Codex was told to ask for. */
  constructor(invocationId: string, serviceTier: string | undefined) {
    this.#invocationId = invocationId;
    this.#serviceTier = serviceTier;
  }

  /** What its reader must know, at the end. */
  notes(): Note[] {
    const unknown = this.completed - this.responses.length;
    if (unknown <= 0) return [];
    const reason = 'responses completed without usage in a run that keeps no session file: what they used is not known';
    return [{ kind: 'fallback', reason, figures: { responses: unknown } }];
  }

  /** Takes one request's body. */
  add(body: string): void {
    const parsed = parseOtelBody(body);
    if (!Array.isArray(parsed)) {
      this.unreadable.set(parsed.reason, (this.unreadable.get(parsed.reason) ?? 0) + 1);
      return;
    }
    for (const { threadId, model, cliVersion, atMs, usage } of parsed) {
      this.cliVersion ??= cliVersion;
      if (!usage) this.completed++;
      else
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
  }
}
