import * as z from 'zod/mini';
import { count, IMPOSSIBLE_COUNT, optionalCount } from '../../formats/count.js';
import { isUnrecognised, parseObject, type Unrecognised, unrecognised } from '../../formats/line.js';
import { isPossibleTime, isPossibleUsage } from '../../usage/count.js';
import { completeUsage, isNoUsage, type Usage } from '../../usage/usage.js';

/** What a line of a session file tells, or a whole file of the older format, which is one record. */
export interface SessionRecord {
  readonly kind: 'record';
  readonly header: SessionHeader | undefined;
  readonly messages: readonly GeminiMessage[];
  /** Why the first of its parts could not be read. Undefined when all could. */
  readonly unreadable: string | undefined;
}

export interface SessionHeader {
  readonly sessionId: string;
  readonly startedAtMs: number;
  readonly isSubagent: boolean;
  /** The workspace, which the header of a sub-agent names. */
  readonly directory: string | undefined;
}

/** One response of the model, whose tokens are known. */
export interface GeminiMessage {
  readonly id: string;
  readonly atMs: number;
  readonly model: string | undefined;
  readonly usage: Usage;
  /** Whether the counts are what the total beside them says. */
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

/** Parses one record. Never throws. Measured on 0.34.0 (a file is one record) and 0.61.0 (a line is one). */
export function parseSessionRecord(text: string): SessionRecord | Unrecognised {
  const record = parseObject(text);
  if (isUnrecognised(record)) return record;
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

/** A message stands on a line of its own, or in a list: of a whole file, or of what the history was replaced with. */
function listMessages(record: Record<string, unknown>): object[] {
  const { messages } = (record.$set ?? record) as { messages?: unknown };
  const all: unknown[] = Array.isArray(messages) ? messages : [record];
  return all.filter(hasTokens);
}

// A message is written before its tokens are known, and some, as those of the user, never have any.
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

/** The API counts thoughts beside the output, and what its own tools put into the prompt beside the input. */
function toUsage({ input, output, cached, thoughts, tool }: z.infer<typeof messageShape>['tokens']): Usage {
  const reasoning = thoughts ?? 0;
  return completeUsage({ input: input + (tool ?? 0), cachedInput: cached, output: output + reasoning, reasoning });
}
