import * as z from 'zod/mini';
import { isNoUsage, type Usage } from '../usage/usage.js';
import { IRRELEVANT, type Irrelevant, isUnrecognised, parseObject, type Unrecognised, unrecognised } from './line.js';

/** A line of a transcript of Claude Code that tells what a message used. A message has a line per block of its content. */
export interface TranscriptMessage {
  readonly kind: 'message';
  readonly atMs: number;
  /** The ids that the API gave the message and its request: the same on each of its lines, and in copies of them. */
  readonly key: string;
  readonly sessionId: string;
  /** The sub-agent of the session that it belongs to; `unnamed` for one of the versions before they had ids. */
  readonly agentId: string | undefined;
  readonly model: string;
  readonly serviceTier: string | undefined;
  readonly usage: Usage;
  /** Of `usage.cacheWrite`, the tokens that are kept for an hour instead of five minutes. */
  readonly cacheWrite1h: number;
  readonly cwd: string | undefined;
  readonly version: string | undefined;
}

const optionalText = z.nullish(z.string());
const count = z.int().check(z.nonnegative());
const optionalCount = z.nullish(count);

const assistant = z.object({
  sessionId: z.string(),
  agentId: optionalText,
  isSidechain: z.nullish(z.boolean()),
  requestId: optionalText,
  uuid: optionalText,
  cwd: optionalText,
  version: optionalText,
  message: z.object({
    id: optionalText,
    model: z.string(),
    usage: z.object({
      input_tokens: count,
      output_tokens: count,
      cache_read_input_tokens: optionalCount,
      cache_creation_input_tokens: optionalCount,
      cache_creation: z.nullish(z.object({ ephemeral_1h_input_tokens: optionalCount })),
      output_tokens_details: z.nullish(z.object({ thinking_tokens: optionalCount })),
      service_tier: optionalText,
      speed: optionalText,
    }),
  }),
});

/**
 * Parses one line of a transcript. Never throws. Only messages of the model count: what a tool answered can hold a
 * sum of what a sub-agent used, whose messages stand in a transcript of their own. Read from 2.1.331.
 */
export function parseTranscriptLine(line: string): TranscriptMessage | Irrelevant | Unrecognised {
  const record = parseObject(line);
  if (isUnrecognised(record)) return record;
  const message = record.message as { usage?: unknown } | undefined;
  if (record.type !== 'assistant' || !message?.usage) return IRRELEVANT;
  const { data } = assistant.safeParse(record);
  if (!data) return unrecognised('assistant of an unknown shape');
  const atMs = Date.parse(String(record.timestamp));
  if (Number.isNaN(atMs)) return unrecognised('assistant without a time');
  const usage = toUsage(data.message.usage);
  // Claude Code puts a message of its own where the API gave an error.
  if (isNoUsage(usage)) return IRRELEVANT;
  const { id } = data.message;
  return {
    kind: 'message',
    atMs,
    key: id ? [id, ...(data.requestId ? [data.requestId] : [])].join(':') : (data.uuid ?? `at:${atMs}`),
    sessionId: data.sessionId,
    agentId: data.isSidechain ? (data.agentId ?? 'unnamed') : undefined,
    model: data.message.model,
    serviceTier: readTier(data.message.usage),
    usage,
    cacheWrite1h: data.message.usage.cache_creation?.ephemeral_1h_input_tokens ?? 0,
    cwd: data.cwd ?? undefined,
    version: data.version ?? undefined,
  };
}

type ApiUsage = z.infer<typeof assistant>['message']['usage'];

/** The Messages API counts input apart from what the cache served and took in; here they are within input. */
function toUsage(api: ApiUsage): Usage {
  const cachedInput = api.cache_read_input_tokens ?? 0;
  const cacheWrite = api.cache_creation_input_tokens ?? 0;
  return {
    input: api.input_tokens + cachedInput + cacheWrite,
    cachedInput,
    cacheWrite,
    output: api.output_tokens,
    reasoning: api.output_tokens_details?.thinking_tokens ?? 0,
  };
}

/** Fast mode is dearer: it is a tier here. */
function readTier({ speed, service_tier: tier }: ApiUsage): string | undefined {
  return speed === 'fast' ? speed : (tier ?? undefined);
}
