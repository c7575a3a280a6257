import * as z from 'zod/mini';
import { IMPOSSIBLE_COUNT } from '../../formats/count.js';
import { count, optionalCount } from '../../formats/count-schema.js';
import type { JsonObject } from '../../formats/json.js';
import { isUnrecognised, type Unrecognised, unrecognised } from '../../formats/line.js';
import { isPossibleTime, isPossibleUsage } from '../../usage/count.js';
import { completeUsage, isNoUsage, type Usage } from '../../usage/usage.js';

/** One line of a session file, or a whole file of the older format. */
export interface SessionRecord {
  readonly kind: 'record';
  readonly header: SessionHeader | undefined;
  readonly messages: readonly GeminiMessage[];
  /** Why a part of it, the first one, could not be read. Undefined when all parts could. */
  readonly unreadable: string | undefined;
}

export interface SessionHeader {
  readonly sessionId: string;
  readonly startedAtMs: number;
  readonly isSubagent: boolean;
  /** The directory that the session works in. Only the header of a sub-agent names it. */
  readonly directory: string | undefined;
}

/** A message of the model with its usage: one response. */
export interface GeminiMessage {
  readonly id: string;
  readonly atMs: number;
  readonly model: string | undefined;
  readonly usage: Usage;
  /** Whether the counts add up to the total beside them. */
  readonly addsUp: boolean;
}

const optionalText = z.nullish(z.string());

const headerShape = z.object({
  sessionId: z.string(),
  startTime: z.string(),
  kind: optionalText,
  directories: z.nullish(z.array(z.string())),
});

const messageShape = z.object({
  id: z.string(),
  timestamp: z.string(),
  model: optionalText,
  tokens: z.object({
    input: count,
    output: count,
    cached: optionalCount,
    thoughts: optionalCount,
    tool: optionalCount,
    total: optionalCount,
  }),
});

/** Reads one record. Never throws. Measured on 0.34.0, where a file is one record, and on 0.61.0, where a line is one. */
export function parseSessionRecord(record: JsonObject): SessionRecord | Unrecognised {
  const header = 'sessionId' in record ? parseHeader(record) : undefined;
  if (header && isUnrecognised(header)) return header;
  const found = listMessages(record).map(parseMessage);
  return {
    kind: 'record',
    header,
    messages: found.flatMap((message) => (isUnrecognised(message) ? [] : [message])),
    unreadable: found.find(isUnrecognised)?.reason,
  };
}

function parseHeader(record: object): SessionHeader | Unrecognised {
  const { data } = headerShape.safeParse(record);
  const startedAtMs = Date.parse(data?.startTime ?? '');
  if (!data || !isPossibleTime(startedAtMs)) return unrecognised('a header of an unknown shape');
  const { sessionId, kind, directories } = data;
  return { sessionId, startedAtMs, isSubagent: kind === 'subagent', directory: directories?.[0] };
}

/** A message is a record, or in a list: that of a whole file, or of the history that replaces the one before. */
function listMessages(record: JsonObject): object[] {
  const { messages } = (record.$set ?? record) as { messages?: unknown };
  const all: unknown[] = Array.isArray(messages) ? messages : [record];
  return all.filter(hasTokens);
}

// A message is written before its tokens are known, and some messages, as those of the user, never have any.
function hasTokens(message: unknown): message is object {
  const { tokens } = (message ?? {}) as { tokens?: unknown };
  return tokens !== undefined && tokens !== null;
}

function parseMessage(message: object): GeminiMessage | Unrecognised {
  const { data } = messageShape.safeParse(message);
  if (!data) return unrecognised('a message of an unknown shape');
  const { id, timestamp, model, tokens } = data;
  const atMs = Date.parse(timestamp);
  if (!isPossibleTime(atMs)) return unrecognised('a message without a time');
  const usage = toUsage(tokens);
  if (!isPossibleUsage(usage, 'usage_record')) return unrecognised(`a message with ${IMPOSSIBLE_COUNT}`);
  if (isNoUsage(usage)) return unrecognised('a message without counts');
  const addsUp = !tokens.total || tokens.total === usage.input + usage.output;
  return { id, atMs, model: model ?? undefined, usage, addsUp };
}

/** The API counts thoughts beside the output, and tokens that its tools put into the prompt beside the input. */
function toUsage({ input, output, cached, thoughts, tool }: z.infer<typeof messageShape>['tokens']): Usage {
  const reasoning = thoughts ?? 0;
  return completeUsage({ input: input + (tool ?? 0), cachedInput: cached, output: output + reasoning, reasoning });
}
