import * as z from 'zod/mini';
import { IMPOSSIBLE_COUNT } from '../../formats/count.js';
import { isUnrecognised, parseObject, type Unrecognised, unrecognised } from '../../formats/line.js';
import { isCount, isPossibleUsage } from '../../usage/count.js';
import { completeUsage, type Usage } from '../../usage/usage.js';

/**
 * What Codex reports to an OTLP log collector about a response that completed (0.101 to 0.171). `completed`: a response came over
 * HTTP. `counted`: the API reported its usage; over HTTP this follows the `completed` of the same response, over a websocket
 * it comes alone. All counters are zero for the request that warms up a websocket, and for a provider that reports zeros.
 * `unreadable`: a response with impossible counts, or a record that cannot be read at all.
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

// The JSON form of Protobuf leaves empty fields out, so every list may be absent.
/** What one request of Codex to the telemetry collector reports: its records, or why its body could not be read. */
export type OtelReport = readonly OtelRecord[] | Unrecognised;

const list = <T extends z.ZodMiniType>(item: T) => z._default(z.array(item), []);
const record = z.object({ attributes: list(z.object({ key: z.string(), value: z.optional(z.unknown()) })) });
const body = z.object({
  resourceLogs: list(z.object({ scopeLogs: list(z.object({ logRecords: list(z.unknown()) })) })),
});

/** Reads the responses of one OTLP/JSON request body. A record that cannot be read leaves the others as they are. Never throws. */
export function parseOtelBody(text: string): OtelReport {
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

/** A value is the only property of an object, under the name of its type. */
function readValue(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? Object.values(value)[0] : undefined;
}

function readText(fields: Fields, name: string): string | undefined {
  const value = fields.get(name);
  return typeof value === 'string' ? value : undefined;
}

/** Returns undefined when one of the counts is impossible. A counter that an older Codex does not know is zero. */
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

/** Codex sends counts as text (0.171), as the JSON form of Protobuf does with 64-bit integers. */
function readCount(value: unknown): number | undefined {
  const count = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return isCount(count) ? count : undefined;
}
