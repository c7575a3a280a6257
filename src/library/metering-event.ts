import type { TokensJson } from '../usage/counters.js';
import type { Source } from '../usage/source.js';
import { fromTokensJson, type Usage } from '../usage/usage.js';
import type { MeteredRecord, MeteredResponse, MeteredResult } from './metered-result.js';

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
