import type { Resource } from '@opentelemetry/resources';
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs';
import type { GoneResponse, OutboxResponse } from '../store/outbox-rows.js';
import { toResponseId } from '../usage/response-id.js';
import { GENAI_SCHEMA_URL } from './names.js';
import { GENAI_PROVIDERS, toHrTime } from './otlp-points.js';

export interface LogContext {
  readonly resource: Resource;
  readonly version: string;
  readonly nowMs: number;
}

type Scope = ReadableLogRecord['instrumentationScope'];

const EVENT = 'gen_ai.client.inference.operation.details';
/** The severity that the conventions name for this event. */
const DEBUG = 5;

/**
 * Makes log records of responses: the event of the conventions for generative AI, without content. Of records with one
 * `gen_ai.response.id` the one with the highest `codex_metered.revision` holds.
 */
export function toLogRecords(responses: readonly OutboxResponse[], context: LogContext): ReadableLogRecord[] {
  const scope = toScope(context);
  return responses.map((response) => {
    const { seq, model, serviceTier, evidence, source, costNanoUsd, projectId, runId, phase, iteration } = response;
    return toRecord(response, context, scope, {
      'gen_ai.request.model': model,
      'gen_ai.usage.input_tokens': response.input,
      'gen_ai.usage.output_tokens': response.output,
      'gen_ai.usage.cache_read.input_tokens': response.cachedInput,
      'gen_ai.usage.cache_creation.input_tokens': response.cacheWrite,
      'gen_ai.usage.reasoning.output_tokens': response.reasoning,
      'codex_metered.cost_nano_usd': costNanoUsd,
      'codex_metered.service_tier': serviceTier,
      'codex_metered.evidence': evidence,
      'codex_metered.source': source,
      'codex_metered.project': projectId,
      'codex_metered.run': runId,
      'codex_metered.phase': phase,
      'codex_metered.iteration': iteration,
      'codex_metered.revision': seq,
    });
  });
}

/** Makes log records of responses that were deleted, because better evidence has replaced them: they count nothing any more. */
export function toGoneRecords(gone: readonly GoneResponse[], context: LogContext): ReadableLogRecord[] {
  const scope = toScope(context);
  return gone.map((response) => {
    return toRecord(response, context, scope, {
      'gen_ai.usage.input_tokens': 0,
      'gen_ai.usage.output_tokens': 0,
      'codex_metered.evidence': response.evidence,
      'codex_metered.gone': true,
      'codex_metered.revision': response.seq,
    });
  });
}

function toScope({ version }: LogContext): Scope {
  return { name: 'codex-metered', version, schemaUrl: GENAI_SCHEMA_URL };
}

function toRecord(
  response: OutboxResponse | GoneResponse,
  { resource, nowMs }: LogContext,
  instrumentationScope: Scope,
  own: Readonly<Record<string, string | number | boolean | null>>,
): ReadableLogRecord {
  const known = Object.entries(own).filter((entry): entry is [string, string | number | boolean] => entry[1] !== null);
  return {
    ...{ resource, instrumentationScope, eventName: EVENT, severityNumber: DEBUG, severityText: 'DEBUG' },
    hrTime: toHrTime(response.completedAtMs),
    hrTimeObserved: toHrTime(nowMs),
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': GENAI_PROVIDERS[response.provider] ?? response.provider,
      'gen_ai.response.id': toResponseId(response),
      'codex_metered.agent': response.provider,
      ...Object.fromEntries(known),
    },
    droppedAttributesCount: 0,
  };
}
