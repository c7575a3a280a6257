import * as z from 'zod/mini';
import { describeShape, optionalCount } from '../../formats/count.js';
import {
  IRRELEVANT,
  type Irrelevant,
  isUnrecognised,
  parseObject,
  type Unrecognised,
  unrecognised,
} from '../../formats/line.js';
import { isPossibleTime } from '../../usage/count.js';
import type { ContextFill, RateLimit } from '../../usage/record.js';
import type { Usage } from '../../usage/usage.js';
import { isOptionalText, readHeader, type SessionHeader } from './header.js';
import { codexRateLimits, toRateLimits } from './rate-limits.js';
import type { RequestSettings } from './turn-settings.js';
import { codexUsage } from './usage.js';

/** A line of a session file (rollout) that metering needs, and when Codex wrote it (epoch milliseconds). */
export type RolloutRecord = { readonly atMs: number } & RolloutFact;

export type RolloutFact =
  | SessionHeader
  | { readonly kind: 'turn_context'; readonly turnId: string | undefined; readonly model: string | undefined }
  | ({ readonly kind: 'settings' } & RequestSettings)
  /** One completed response, exactly (Codex 0.153.4 and later). */
  | {
      readonly kind: 'usage_record';
      readonly threadId: string;
      readonly turnId: string | undefined;
      readonly rootTurnId: string | undefined;
      readonly responseId: string;
      readonly usage: Usage;
    }
  /** The thread's total so far; `undefined` where Codex had none to write. Rows repeat: only a change counts. */
  | {
      readonly kind: 'token_count';
      readonly total: Usage | undefined;
      readonly last: Usage | undefined;
      /** After a compaction it is Codex's own estimate. An import, which reads counts alone, has neither. */
      readonly context?: ContextFill | undefined;
      readonly rateLimits?: readonly RateLimit[] | undefined;
    }
  | { readonly kind: 'turn_started'; readonly turnId: string | undefined };

const optionalText = z.nullish(z.string());

const settings = z.object({ thread_settings: z.object({ model: optionalText, service_tier: optionalText }) });
const usageRecord = z.object({
  thread_id: z.string(),
  turn_id: optionalText,
  root_turn_id: optionalText,
  response_id: z.string(),
  usage: codexUsage,
});
/** How full the context is: no usage, so that nonsense costs no count that stands beside it. */
const optionalGauge = z.catch(optionalCount, undefined);
const tokenCount = z.object({
  info: z.nullish(
    z.object({
      total_token_usage: codexUsage,
      last_token_usage: z.nullish(z.intersection(codexUsage, z.object({ total_tokens: optionalGauge }))),
      model_context_window: optionalGauge,
    }),
  ),
  rate_limits: codexRateLimits,
});

type Read = (payload: unknown, atMs: number) => RolloutFact | undefined;

const EVENTS = new Map<string, Read>(
  Object.entries({
    token_count: reading(tokenCount, ({ info, rate_limits }, atMs) => {
      const { total_tokens, ...last } = info?.last_token_usage ?? {};
      const windowTokens = info?.model_context_window ?? undefined;
      return {
        kind: 'token_count',
        total: info?.total_token_usage,
        last: info?.last_token_usage ? (last as Usage) : undefined,
        context: typeof total_tokens === 'number' ? { tokens: total_tokens, windowTokens } : undefined,
        rateLimits: toRateLimits(rate_limits, atMs),
      };
    }),
    thread_settings_applied: reading(settings, ({ thread_settings }) => ({
      kind: 'settings',
      model: thread_settings.model ?? undefined,
      serviceTier: thread_settings.service_tier ?? undefined,
    })),
    task_started: (payload) => {
      const { turn_id = null } = payload as { turn_id?: unknown };
      return isOptionalText(turn_id) ? { kind: 'turn_started', turnId: turn_id ?? undefined } : undefined;
    },
  }),
);

const RECORDS = new Map<string, Read>(
  Object.entries({
    session_meta: readHeader,
    turn_context: (payload) => {
      const { turn_id = null, model = null } = payload as { turn_id?: unknown; model?: unknown };
      if (!isOptionalText(turn_id) || !isOptionalText(model)) return undefined;
      return { kind: 'turn_context', turnId: turn_id ?? undefined, model: model ?? undefined };
    },
    token_usage_record: reading(usageRecord, (record) => ({
      kind: 'usage_record',
      threadId: record.thread_id,
      turnId: record.turn_id ?? undefined,
      rootTurnId: record.root_turn_id ?? undefined,
      responseId: record.response_id,
      usage: record.usage,
    })),
  }),
);

/** Records that are known to say nothing of usage. `compacted` embeds a copy of a usage record: it must not count. */
const SILENT = new Set([
  'response_item',
  'world_state',
  'compacted',
  'inter_agent_communication',
  'inter_agent_communication_metadata',
  'security_risk_score',
  'realtime_item',
  'dynamic_tools_updated',
]);

/** Parses one line of a session file. Never throws. Lines that can say nothing of usage are not even parsed as JSON. */
export function parseRolloutLine(line: string): RolloutRecord | Irrelevant | Unrecognised {
  return isSilent(line.length > HEAD_LENGTH ? line.slice(0, HEAD_LENGTH) : line) ? IRRELEVANT : parseSpokenLine(line);
}

/** True when a line, which begins at `start`, says nothing of usage: what stands of it by `end` is enough. */
export function isSilentAt(bytes: Buffer, start: number, end: number): boolean {
  return isSilent(bytes.toString('latin1', start, Math.min(end, start + HEAD_LENGTH)));
}

/** The same for a line of which it is known that it does not say nothing. */
export function parseSpokenLine(line: string): RolloutRecord | Irrelevant | Unrecognised {
  const record = parseObject(line);
  if (isUnrecognised(record)) return record;
  const type = String(record.type);
  const payload = (record.payload ?? {}) as Record<string, unknown>;
  const name = type === 'event_msg' ? String(payload.type) : type;
  const read = (type === 'event_msg' ? EVENTS : RECORDS).get(name);
  if (!read) {
    return type === 'event_msg' || SILENT.has(type)
      ? IRRELEVANT
      : unrecognised(`unknown record type${isName(name) ? ` ${name}` : ''}`);
  }
  const atMs = Date.parse(String(record.timestamp));
  const fact = read(payload, atMs);
  if (!fact) return unrecognised(`${name} ${describeShape(payload)}`);
  if (!isPossibleTime(atMs)) return unrecognised(`${name} without a time`);
  return { atMs, ...fact };
}

/** What is no name may be content, which is told nowhere. */
function isName(text: string): boolean {
  return /^\w{1,50}$/.test(text);
}

// Codex writes the timestamp, the ordinal and the type before the payload: what a line is stands at its start, and
// the largest lines (prompts, answers, tool output) are the silent ones.
const TYPE = /^\{"timestamp":"[^"]{0,40}",(?:"ordinal":\d+,)?"type":"(\w+)"(?:,"payload":\{"type":"(\w+)")?/;

/** How much of a line tells what it is. */
const HEAD_LENGTH = 200;

/** True when the first HEAD_LENGTH characters of a line, or all of it, show that it says nothing of usage. */
function isSilent(head: string): boolean {
  // An empty line where lines end as on Windows, or the end of one whose text was read before that was written.
  if (head === '\r') return true;
  const [, type, event] = TYPE.exec(head) ?? [];
  if (!type) return false;
  return type === 'event_msg' ? event !== undefined && !EVENTS.has(event) : SILENT.has(type);
}

function reading<T>(schema: z.ZodMiniType<T>, toFact: (data: T, atMs: number) => RolloutFact): Read {
  return (payload, atMs) => {
    const parsed = schema.safeParse(payload);
    return parsed.success ? toFact(parsed.data, atMs) : undefined;
  };
}
