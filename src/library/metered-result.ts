import type { TokensJson } from '../usage/counters.js';
import type { Source } from '../usage/source.js';
import { fromTokensJson, type Usage } from '../usage/usage.js';

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

/** What a line of `--meter-events` says, as far as the library passes it on. */
export type MeteringEvent =
  | { readonly kind: 'start'; readonly id: string | undefined }
  | { readonly kind: 'response'; readonly id: string | undefined; readonly response: MeteredResponse }
  | {
      readonly kind: 'end';
      readonly id: string | undefined;
      readonly report: Pick<MeteredResult, 'threadId' | 'usage' | 'costUsd' | 'source' | 'records'>;
    };

/** The fields that docs/json.md gives an amount, a response, a model and a report. */
interface Amounts extends TokensJson {
  readonly costUsd: number | null;
}

interface ResponseJson extends Amounts {
  readonly threadId: string;
  readonly responseKey: string;
  readonly model: string;
  readonly source: Source;
  readonly totals: Amounts;
}

interface ModelJson extends Amounts {
  readonly model: string;
  readonly source: Source;
  readonly responseCount: number;
}

interface EndJson extends Amounts {
  readonly threadId: string | null;
  readonly source: Source | 'mixed' | null;
  readonly models: readonly ModelJson[];
}

/** Parses one line that a `codex-metered` of this package wrote; undefined for what the library does not pass on. */
export function parseMeteringEvent(line: string): MeteringEvent | undefined {
  try {
    const event = JSON.parse(line) as { readonly event: string; readonly invocationId: string | null };
    const id = event.invocationId ?? undefined;
    if (event.event === 'start') return { kind: 'start', id };
    if (event.event === 'response') return { kind: 'response', id, response: readResponse(event as never) };
    return event.event === 'end' ? { kind: 'end', id, report: readReport(event as never) } : undefined;
  } catch {
    return undefined;
  }
}

function readResponse(json: ResponseJson): MeteredResponse {
  const { threadId, responseKey, model, source, totals } = json;
  return { threadId, responseKey, model, source, ...readAmounts(json), total: readAmounts(totals) };
}

function readReport(json: EndJson): (MeteringEvent & { kind: 'end' })['report'] {
  return {
    threadId: json.threadId ?? undefined,
    source: json.source ?? undefined,
    ...readAmounts(json),
    records: json.models.map(
      (one): MeteredRecord => ({
        ...{ model: one.model, source: one.source, responses: one.responseCount },
        ...readAmounts(one),
      }),
    ),
  };
}

function readAmounts(json: Amounts): { usage: Usage; costUsd: number | undefined } {
  return { usage: fromTokensJson(json), costUsd: json.costUsd ?? undefined };
}
