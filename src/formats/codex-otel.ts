import * as z from 'zod/mini';
import type { Usage } from '../usage/usage.js';
import { isUnrecognised, parseObject, type Unrecognised, unrecognised } from './line.js';

/**
 * A completed response, as Codex tells it to an OTLP log collector. `usage` is undefined in the record that every
 * response gives; a response whose usage the API reported gives a second one with it (measured on 0.169).
 */
export interface OtelResponse {
  readonly threadId: string;
  readonly model: string | undefined;
  readonly cliVersion: string | undefined;
  readonly atMs: number;
  readonly usage: Usage | undefined;
}

// Protobuf's JSON leaves empty fields out, so every list may be absent.
const list = <T extends z.ZodMiniType>(item: T) => z._default(z.array(item), []);
const value = z.object({
  stringValue: z.optional(z.string()),
  intValue: z.optional(z.union([z.string(), z.number()])),
});
const record = z.object({ attributes: list(z.object({ key: z.string(), value: z.optional(value) })) });
const body = z.object({ resourceLogs: list(z.object({ scopeLogs: list(z.object({ logRecords: list(record) })) })) });

/** Reads the responses of one OTLP/JSON request body. Never throws. */
export function parseOtelBody(text: string): OtelResponse[] | Unrecognised {
  const object = parseObject(text);
  if (isUnrecognised(object)) return object;
  const parsed = body.safeParse(object);
  if (!parsed.success) return unrecognised('telemetry of an unknown shape');
  const records = parsed.data.resourceLogs.flatMap(({ scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) => logRecords),
  );
  return records.flatMap(({ attributes }) => {
    const fields = new Map(
      attributes.map(({ key, value }) => [key, value?.stringValue ?? String(value?.intValue ?? '')]),
    );
    return toResponse(fields) ?? [];
  });
}

function toResponse(fields: ReadonlyMap<string, string>): OtelResponse | undefined {
  if (fields.get('event.kind') !== 'response.completed') return undefined;
  const count = (name: string) => Number(fields.get(name) ?? 0);
  const atMs = Date.parse(fields.get('event.timestamp') ?? '');
  return {
    threadId: fields.get('conversation.id') ?? '',
    model: fields.get('model'),
    cliVersion: fields.get('app.version'),
    atMs: Number.isNaN(atMs) ? Date.now() : atMs,
    usage: fields.has('input_token_count')
      ? {
          input: count('input_token_count'),
          cachedInput: count('cached_token_count'),
          cacheWrite: count('cache_write_token_count'),
          output: count('output_token_count'),
          reasoning: count('reasoning_token_count'),
        }
      : undefined,
  };
}
