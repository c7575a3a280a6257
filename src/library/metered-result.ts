import type { Source } from '../usage/source.js';
import type { Usage } from '../usage/usage.js';

/** One model response, as it becomes known. One that is known better later comes again, with the same `responseKey`. */
export interface MeteredResponse {
  readonly threadId: string;
  readonly responseKey: string;
  readonly model: string;
  readonly source: Source;
  readonly usage: Usage;
  /** Undefined when the model has no known price. */
  readonly costUsd: number | undefined;
  /** What the invocation has come to with it. */
  readonly total: { readonly usage: Usage; readonly costUsd: number | undefined };
}

/** What an invocation used of one model, by what the counts are worth: a row of `cost_records`. */
export interface MeteredRecord {
  readonly model: string;
  readonly source: Source;
  readonly responses: number;
  readonly usage: Usage;
  readonly costUsd: number | undefined;
}

export interface MeteredResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The `invocations.id` of the database; undefined when Codex was not started. */
  readonly id: string | undefined;
  readonly threadId: string | undefined;
  readonly usage: Usage;
  /** The sum over the responses that have a price; undefined when none has. */
  readonly costUsd: number | undefined;
  /** `mixed`: the counts are of several sources; undefined: there are none. */
  readonly source: Source | 'mixed' | undefined;
  readonly records: readonly MeteredRecord[];
}
