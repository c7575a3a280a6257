import { describeShape } from '../../formats/count.js';
import { isObject, type JsonObject } from '../../formats/json.js';
import {
  IRRELEVANT,
  type Irrelevant,
  isUnrecognised,
  parseObject,
  type Unrecognised,
  unrecognised,
} from '../../formats/line.js';
import { isCount, isPossibleTime } from '../../usage/count.js';
import type { ContextFill, RateLimit } from '../../usage/record.js';
import type { Usage } from '../../usage/usage.js';
import { isOptionalText, readHeader, type SessionHeader } from './header.js';
import { readRateLimits } from './rate-limits.js';
import type { RequestSettings } from './turn-settings.js';
import { readUsage } from './usage.js';

/** A line of a session file (rollout) that metering needs, and when Codex wrote it (epoch milliseconds). */
export type RolloutRecord = { readonly atMs: number } & RolloutFact;

type RolloutFact =
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
  /** The thread's total so far; undefined where Codex had none to write. Rows repeat: only a change counts. */
  | {
      readonly kind: 'token_count';
      readonly total: Usage | undefined;
      readonly last: Usage | undefined;
      /** After a compaction it is Codex's own estimate. */
      readonly context: ContextFill | undefined;
      readonly rateLimits: readonly RateLimit[] | undefined;
    }
  | { readonly kind: 'turn_started'; readonly turnId: string | undefined };

/** Returns undefined for a payload of an unknown shape. Without zod, as `readUsage`. */
type Read = (payload: JsonObject, atMs: number) => RolloutFact | undefined;

const EVENTS = new Map<string, Read>([
  ['token_count', readTokenCount],
  ['thread_settings_applied', readSettings],
  [
    'task_started',
    ({ turn_id: turnId }) =>
      isOptionalText(turnId) ? { kind: 'turn_started', turnId: turnId ?? undefined } : undefined,
  ],
]);

const RECORDS = new Map<string, Read>([
  ['session_meta', readHeader],
  [
    'turn_context',
    ({ turn_id: turnId, model }) => {
      if (!isOptionalText(turnId) || !isOptionalText(model)) return undefined;
      return { kind: 'turn_context', turnId: turnId ?? undefined, model: model ?? undefined };
    },
  ],
  ['token_usage_record', readUsageRecord],
]);

/** Records that are known to say nothing of usage. `compacted` holds a copy of a usage record: it must not count. */
const IRRELEVANT_RECORDS = new Set([
  'response_item',
  'world_state',
  'compacted',
  'inter_agent_communication',
  'inter_agent_communication_metadata',
  'security_risk_score',
  'realtime_item',
  'dynamic_tools_updated',
]);

/** Parses one line of a session file. Never throws. A line whose beginning shows that it says nothing of usage is not parsed. */
export function parseRolloutLine(line: string): RolloutRecord | Irrelevant | Unrecognised {
  if (isIrrelevantLine(line)) return IRRELEVANT;
  const record = parseObject(line);
  return isUnrecognised(record) ? record : readRolloutRecord(record);
}

/** Reads a line of a session file that was parsed from JSON. */
export function readRolloutRecord(record: JsonObject): RolloutRecord | Irrelevant | Unrecognised {
  const type = String(record.type);
  const payload = isObject(record.payload) ? record.payload : {};
  const name = type === 'event_msg' ? String(payload.type) : type;
  const read = (type === 'event_msg' ? EVENTS : RECORDS).get(name);
  if (!read) {
    return type === 'event_msg' || IRRELEVANT_RECORDS.has(type)
      ? IRRELEVANT
      : unrecognised(`unknown record type${isName(name) ? ` ${name}` : ''}`);
  }
  const atMs = Date.parse(String(record.timestamp));
  const fact = read(payload, atMs);
  if (!fact) return unrecognised(`${name} ${describeShape(payload)}`);
  if (!isPossibleTime(atMs)) return unrecognised(`${name} without a time`);
  // Without a spread: there are millions of them.
  return Object.assign(fact, { atMs });
}

/** Whether a text can be the name of a type. Anything else may be content, which no message repeats. */
function isName(text: string): boolean {
  return /^\w{1,50}$/.test(text);
}

/** How many characters of a line say what it is. */
const HEAD_LENGTH = 200;
// Codex writes the timestamp, the ordinal and the type before the payload, and the largest lines (prompts, answers, tool output)
// are the irrelevant ones.
const HEAD = /^\{"timestamp":"[^"]{0,40}",(?:"ordinal":\d+,)?"type":"(\w+)"(?:,"payload":\{"type":"(\w+)")?/;

/** Returns the type of a line and of its payload, if the line begins with them. */
export function readLineTypes(line: string): {
  readonly type?: string | undefined;
  readonly payload?: string | undefined;
} {
  const [, type, payload] = HEAD.exec(line.length > HEAD_LENGTH ? line.slice(0, HEAD_LENGTH) : line) ?? [];
  return { type, payload };
}

/** Whether the beginning of a line shows that it says nothing of usage. */
function isIrrelevantLine(line: string): boolean {
  const { type, payload } = readLineTypes(line);
  if (!type) return false;
  return type === 'event_msg' ? payload !== undefined && !EVENTS.has(payload) : IRRELEVANT_RECORDS.has(type);
}

/** Whether the bytes of a line show that it says nothing of usage. Its first 200 bytes are enough. */
export function areIrrelevantBytes(line: Buffer): boolean {
  return isIrrelevantLine(line.toString('latin1', 0, HEAD_LENGTH));
}

function readTokenCount({ info, rate_limits }: JsonObject, atMs: number): RolloutFact | undefined {
  const rateLimits = readRateLimits(rate_limits, atMs);
  if (info === null || info === undefined) {
    return { kind: 'token_count', total: undefined, last: undefined, context: undefined, rateLimits };
  }
  if (!isObject(info)) return undefined;
  const total = readUsage(info.total_token_usage);
  const hasLast = info.last_token_usage !== null && info.last_token_usage !== undefined;
  const last = hasLast ? readUsage(info.last_token_usage) : undefined;
  if (!total || (hasLast && !last)) return undefined;
  return { kind: 'token_count', total, last, context: readContextFill(info), rateLimits };
}

/** A number here that is no count is left out, and the rest of the record counts. */
function readContextFill({
  last_token_usage: last,
  model_context_window: window,
}: JsonObject): ContextFill | undefined {
  const tokens = isObject(last) ? last.total_tokens : undefined;
  return isCount(tokens) ? { tokens, windowTokens: isCount(window) ? window : undefined } : undefined;
}

function readSettings({ thread_settings: settings }: JsonObject): RolloutFact | undefined {
  if (!isObject(settings)) return undefined;
  const { model, service_tier: serviceTier } = settings;
  if (!isOptionalText(model) || !isOptionalText(serviceTier)) return undefined;
  return { kind: 'settings', model: model ?? undefined, serviceTier: serviceTier ?? undefined };
}

function readUsageRecord(record: JsonObject): RolloutFact | undefined {
  const { thread_id: threadId, turn_id: turnId, root_turn_id: rootTurnId, response_id: responseId } = record;
  const usage = readUsage(record.usage);
  if (!usage || typeof threadId !== 'string' || typeof responseId !== 'string') return undefined;
  if (!isOptionalText(turnId) || !isOptionalText(rootTurnId)) return undefined;
  return {
    kind: 'usage_record',
    threadId,
    turnId: turnId ?? undefined,
    rootTurnId: rootTurnId ?? undefined,
    responseId,
    usage,
  };
}
