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

/** One line of `--meter-events`, as far as the library passes it on. */
export interface MeteringEvent {
  readonly id: string | undefined;
  readonly response?: MeteredResponse;
  /** Of the last line alone. */
  readonly report?: Omit<MeteredResult, 'exitCode' | 'signal' | 'id'>;
}

/** The fields that docs/json.md gives an amount, a response, and the end of an invocation. */
type Amounts = TokensJson & { readonly costUsd: number | null };
type ResponseJson = Amounts &
  Pick<MeteredResponse, 'threadId' | 'responseKey' | 'model' | 'source'> & { readonly totals: Amounts };
type ModelJson = Amounts & Pick<MeteredRecord, 'model' | 'source'> & { readonly responseCount: number };
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
    if (event.event === 'start') return { id };
    if (event.event === 'response') return { id, response: readResponse(event as never) };
    return event.event === 'end' ? { id, report: readReport(event as never) } : undefined;
  } catch {
    return undefined;
  }
}

function readResponse(json: ResponseJson): MeteredResponse {
  const { threadId, responseKey, model, source, totals } = json;
  return { threadId, responseKey, model, source, ...readAmounts(json), total: readAmounts(totals) };
}

function readReport(json: EndJson): NonNullable<MeteringEvent['report']> {
  const records = json.models.map((one): MeteredRecord => {
    return { model: one.model, source: one.source, responses: one.responseCount, ...readAmounts(one) };
  });
  return { threadId: json.threadId ?? undefined, source: json.source ?? undefined, ...readAmounts(json), records };
}

function readAmounts(json: Amounts): { usage: Usage; costUsd: number | undefined } {
  return { usage: fromTokensJson(json), costUsd: json.costUsd ?? undefined };
}
