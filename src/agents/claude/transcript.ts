import * as z from 'zod/mini';
import { IMPOSSIBLE_COUNT } from '../../formats/count.js';
import {
  IRRELEVANT,
  type Irrelevant,
  isUnrecognised,
  parseObject,
  type Unrecognised,
  unrecognised,
} from '../../formats/line.js';
import { isPossibleTime, isPossibleUsage } from '../../usage/count.js';
import type { Fees } from '../../usage/record.js';
import { isNoUsage, type Usage } from '../../usage/usage.js';
import {
  parseQueueLine,
  parseSessionTotal,
  parseSystemLine,
  type QueuedPrompt,
  type SessionTotal,
  type UntoldResponses,
} from './session.js';
import { apiUsage, type InnerResponse, optionalText, readFees, readIterations, readTier, toUsage } from './usage.js';

/** A line of a transcript of Claude Code that tells what a message used. A message has a line per block of its content. */
export interface TranscriptMessage {
  readonly kind: 'message';
  readonly atMs: number;
  /** The id that the API gave the message. Behind a proxy two messages can have the same. Undefined where there is none. */
  readonly id: string | undefined;
  /** Others than those of another line with the same id: that one is of another message. Not every line has them. */
  readonly requestIds: RequestIds;
  /** The session that asked for the message. */
  readonly sessionId: string;
  /** The session whose file holds the line: a fork holds copies of its parent's messages. */
  readonly heldBy: string;
  /** The sub-agent of the session that it belongs to; `unnamed` for one of the versions before they had ids. */
  readonly agentId: string | undefined;
  readonly model: string;
  readonly serviceTier: string | undefined;
  readonly usage: Usage;
  /** Of `usage.cacheWrite`, the tokens that are kept for an hour instead of five minutes. */
  readonly cacheWrite1h: number;
  readonly fees: Fees | undefined;
  /** What other models used within the message. */
  readonly inner: readonly InnerResponse[];
  /** Parts of the line that could not be read; the others hold. */
  readonly unreadableParts: number;
  readonly cwd: string | undefined;
  readonly version: string | undefined;
}

export interface RequestIds {
  /** The API's. */
  readonly request: string | undefined;
  /** Claude Code's own, since 2.1.332 at the latest. */
  readonly ref: string | undefined;
}

export type TranscriptLine =
  | TranscriptMessage
  | SessionTotal
  | UntoldResponses
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
  cwd: optionalText,
  version: optionalText,
  message: z.object({ id: optionalText, model: z.string(), usage: apiUsage }),
});

/** A transcript's lines that tell something hold one of these, however their JSON is spaced. */
const TELLING = ['"usage"', '"cost-state"', '"compact_boundary"', '"stop_hook_summary"', '"queue-operation"'].map(
  (word) => Buffer.from(word),
);

/** Lines that hold content alone, told by their beginning: no object or list comes before their type. */
const CONTENT = /^\{[^{}[\]]*"type"\s*:\s*"(?:user|attachment)"/;
const HEAD_BYTES = 512;

/**
 * Whether a line may tell something of usage. It is asked before the line is parsed, because nearly all of a transcript is
 * content. A quotation of these words in somebody's text does not count: its quotation marks are escaped there.
 */
export function mayTell(line: Buffer): boolean {
  return !CONTENT.test(line.toString('latin1', 0, HEAD_BYTES)) && TELLING.some((word) => line.includes(word));
}

/**
 * Parses one line of a transcript. Never throws. Only messages of the model count: what a tool answered can hold a
 * sum of what a sub-agent used, whose messages stand in a transcript of their own. Read from 2.1.197 to 2.1.332.
 */
export function parseTranscriptLine(line: string): TranscriptLine {
  const record = parseObject(line);
  if (isUnrecognised(record)) return record;
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

function parseAssistant(record: Record<string, unknown>): TranscriptMessage | Irrelevant | Unrecognised {
  const { data } = assistant.safeParse(record);
  if (!data) return unrecognised('assistant of an unknown shape');
  const atMs = Date.parse(String(record.timestamp));
  if (!isPossibleTime(atMs)) return unrecognised('assistant without a time');
  const { message } = data;
  const usage = toUsage(message.usage);
  if (!isPossibleUsage(usage, 'usage_record')) return unrecognised(`assistant with ${IMPOSSIBLE_COUNT}`);
  const { inner, unreadable } = readIterations(message.usage);
  // Claude Code puts a message of its own where the API gave an error.
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
    cwd: data.cwd ?? undefined,
    version: data.version ?? undefined,
  };
}
