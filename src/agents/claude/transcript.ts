import * as z from 'zod/mini';
import { IMPOSSIBLE_COUNT } from '../../formats/count.js';
import type { JsonObject } from '../../formats/json.js';
import { IRRELEVANT, type Irrelevant, type Unrecognised, unrecognised } from '../../formats/line.js';
import { isPossibleTime, isPossibleUsage } from '../../usage/count.js';
import type { Fees } from '../../usage/record.js';
import { isNoUsage, type Usage } from '../../usage/usage.js';
import {
  contextFields,
  type LineContext,
  parseQueueLine,
  parseSessionTotal,
  parseSystemLine,
  type QueuedPrompt,
  type ResponsesWithoutUsage,
  readContext,
  type SessionTotal,
} from './session.js';
import { apiUsage, type InnerResponse, optionalText, readFees, readIterations, readTier, toUsage } from './usage.js';

/** A line of a transcript of Claude Code with a message's usage. A message has a line for each block of its content. */
export interface TranscriptMessage extends LineContext {
  readonly kind: 'message';
  /** The id that the API gave the message. Behind a proxy two messages can have the same one. */
  readonly id: string | undefined;
  /** They distinguish messages with the same id. Not every line has them. */
  readonly requestIds: RequestIds;
  /** The session that has the line in its file; `sessionId` asked for the message. A fork's file holds copies of its parent's messages. */
  readonly heldBy: string;
  /** The sub-agent that asked for it; `unnamed` in releases that gave them no ids. */
  readonly agentId: string | undefined;
  readonly model: string;
  readonly serviceTier: string | undefined;
  readonly usage: Usage;
  /** The tokens of `usage.cacheWrite` that are cached for an hour instead of five minutes. */
  readonly cacheWrite1h: number;
  readonly fees: Fees | undefined;
  /** Responses of other models within the message. */
  readonly inner: readonly InnerResponse[];
  /** How many parts of the line could not be read. The others count. */
  readonly unreadableParts: number;
}

export interface RequestIds {
  /** The id that the API gave the request. */
  readonly request: string | undefined;
  /** The id that Claude Code gave the request, since 2.1.332 at the latest. */
  readonly ref: string | undefined;
}

export type TranscriptLine =
  | TranscriptMessage
  | SessionTotal
  | ResponsesWithoutUsage
  | QueuedPrompt
  | Irrelevant
  | Unrecognised;

const assistant = z.object({
  sessionId: z.string(),
  requestSessionId: optionalText,
  agentId: optionalText,
  isSidechain: z.nullish(z.boolean()),
  requestId: optionalText,
  requestRef: optionalText,
  uuid: optionalText,
  ...contextFields,
  message: z.object({ id: optionalText, model: z.string(), usage: apiUsage }),
});

/** A line that says something about usage holds one of these, however its JSON is spaced. */
const SIGNS = ['"usage"', '"cost-state"', '"compact_boundary"', '"stop_hook_summary"', '"queue-operation"'].map(
  (word) => Buffer.from(word),
);

/** The beginning of a line that holds nothing but content. No object or list comes before its type. */
const CONTENT = /^\{[^{}[\]]*"type"\s*:\s*"(?:user|attachment)"/;
const HEAD_BYTES = 512;

/**
 * Whether a line may say something about usage. This is decided before the line is parsed, because nearly all of a transcript is
 * content. These words within a text do not match: quotation marks are escaped there.
 */
export function mayHoldUsage(line: Buffer): boolean {
  return !CONTENT.test(line.toString('latin1', 0, HEAD_BYTES)) && SIGNS.some((word) => line.includes(word));
}

/**
 * Reads one line of a transcript. Never throws. Only messages of the model count: a tool's answer can hold the usage of a
 * sub-agent, whose messages are in a transcript of their own. Measured on 2.1.197 to 2.1.332.
 */
export function parseTranscriptLine(record: JsonObject): TranscriptLine {
  switch (record.type) {
    case 'assistant':
      return (record.message as { usage?: unknown } | undefined)?.usage ? parseAssistant(record) : IRRELEVANT;
    case 'cost-state':
      return parseSessionTotal(record);
    case 'system':
      return parseSystemLine(record);
    case 'queue-operation':
      return parseQueueLine(record);
    default:
      return IRRELEVANT;
  }
}

function parseAssistant(record: JsonObject): TranscriptMessage | Irrelevant | Unrecognised {
  const { data } = assistant.safeParse(record);
  if (!data) return unrecognised('assistant of an unknown shape');
  const atMs = Date.parse(String(record.timestamp));
  if (!isPossibleTime(atMs)) return unrecognised('assistant without a time');
  const { message } = data;
  const usage = toUsage(message.usage);
  if (!isPossibleUsage(usage, 'usage_record')) return unrecognised(`assistant with ${IMPOSSIBLE_COUNT}`);
  const { inner, unreadable } = readIterations(message.usage);
  // Claude Code writes a message without usage where the API returned an error.
  if (isNoUsage(usage) && inner.length === 0) return IRRELEVANT;
  return {
    kind: 'message',
    atMs,
    id: message.id ?? data.requestId ?? data.uuid ?? undefined,
    requestIds: { request: data.requestId ?? undefined, ref: data.requestRef ?? undefined },
    sessionId: data.requestSessionId ?? data.sessionId,
    heldBy: data.sessionId,
    agentId: data.isSidechain ? (data.agentId ?? 'unnamed') : undefined,
    model: message.model,
    serviceTier: readTier(message.usage),
    usage,
    cacheWrite1h: message.usage.cache_creation?.ephemeral_1h_input_tokens ?? 0,
    fees: readFees(message.usage),
    inner,
    unreadableParts: unreadable,
    ...readContext(data),
  };
}
