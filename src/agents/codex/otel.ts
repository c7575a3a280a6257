import * as z from 'zod/mini';
import { IMPOSSIBLE_COUNT } from '../../formats/count.js';
import { isUnrecognised, parseObject, type Unrecognised, unrecognised } from '../../formats/line.js';
import { isCount, isPossibleUsage } from '../../usage/count.js';
import { completeUsage, type Usage } from '../../usage/usage.js';

/**
 * What Codex tells an OTLP log collector of a response that completed (0.101 to 0.171). `completed`: one came over HTTP, of
 * which nothing more is said here. `counted`: the API reported its usage; over HTTP this follows the `completed` of
 * the same response, over a websocket it stands alone. Its counters are all zero for a websocket's prewarming request and for
 * a provider that reports zeros. `unreadable`: a response whose counts are none, or a record that cannot be read at all.
 */
export type OtelRecord =
  | { readonly kind: 'completed'; readonly threadId: string }
  | OtelResponse
  | { readonly kind: 'unreadable'; readonly threadId: string | undefined; readonly reason: string };

export interface OtelResponse {
  readonly kind: 'counted';
  readonly threadId: string;
  readonly model: string | undefined;
  readonly cliVersion: string | undefined;
  readonly atMs: number;
  readonly usage: Usage;
}

// Protobuf's JSON leaves empty fields out, so every list may be absent.
const list = <T extends z.ZodMiniType>(item: T) => z._default(z.array(item), []);
const record = z.object({ attributes: list(z.object({ key: z.string(), value: z.optional(z.unknown()) })) });
const body = z.object({
  resourceLogs: list(z.object({ scopeLogs: list(z.object({ logRecords: list(z.unknown()) })) })),
});

/** Reads the responses of one OTLP/JSON request body. A record that cannot be read leaves the others as they are. Never throws. */
export function parseOtelBody(text: string): OtelRecord[] | Unrecognised {
  const object = parseObject(text);
  if (isUnrecognised(object)) return object;
  const parsed = body.safeParse(object);
  if (!parsed.success) return unrecognised('telemetry of an unknown shape');
  const records = parsed.data.resourceLogs.flatMap(({ scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) => logRecords),
  );
  return records.flatMap((one) => toRecord(one) ?? []);
}

type Fields = ReadonlyMap<string, unknown>;

function toRecord(raw: unknown): OtelRecord | undefined {
  const parsed = record.safeParse(raw);
  if (!parsed.success) return { kind: 'unreadable', threadId: undefined, reason: 'a log record of an unknown shape' };
  const fields: Fields = new Map(parsed.data.attributes.map(({ key, value }) => [key, readValue(value)]));
  if (fields.get('event.kind') !== 'response.completed') return undefined;
  const threadId = readText(fields, 'conversation.id') ?? '';
  if (!fields.has('input_token_count')) return { kind: 'completed', threadId };
  const usage = readUsage(fields);
  if (!usage || !isPossibleUsage(usage, 'otel')) return { kind: 'unreadable', threadId, reason: IMPOSSIBLE_COUNT };
  const atMs = Date.parse(readText(fields, 'event.timestamp') ?? '');
  return {
    kind: 'counted',
    threadId,
    model: readText(fields, 'model'),
    cliVersion: readText(fields, 'app.version'),
    atMs: Number.isNaN(atMs) ? Date.now() : atMs,
    usage,
  };
}

/** A value stands in an object under the name of its type. */
function readValue(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? Object.values(value)[0] : undefined;
}

function readText(fields: Fields, name: string): string | undefined {
  const value = fields.get(name);
  return typeof value === 'string' ? value : undefined;
}

/** Undefined when one of the counts is none. One that is absent, which an older Codex does not know, is zero. */
function readUsage(fields: Fields): Usage | undefined {
  const read = (name: string) => (fields.has(name) ? readCount(fields.get(name)) : 0);
  const usage = {
    input: read('input_token_count'),
    cachedInput: read('cached_token_count'),
    cacheWrite: read('cache_write_token_count'),
    output: read('output_token_count'),
    reasoning: read('reasoning_token_count'),
  };
  return Object.values(usage).includes(undefined) ? undefined : completeUsage(usage);
}

/** Codex sends counts as text (0.171), as protobuf's JSON does with whole numbers. A number beyond 2^53 - 1 has lost digits. */
function readCount(value: unknown): number | undefined {
  const count = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return isCount(count) ? count : undefined;
}
