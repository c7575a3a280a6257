import * as z from 'zod/mini';
import {
  IRRELEVANT,
  type Irrelevant,
  isUnrecognised,
  parseObject,
  type Unrecognised,
  unrecognised,
} from '../../formats/line.js';
import type { SessionItem, SessionItemFact, ThreadRole } from '../../usage/session-item.js';
import { readContextItem, readContextItems } from './content.js';
import { parseRolloutLine, readLineTypes } from './rollout.js';

const optionalText = z.nullish(z.string());

const sessionMeta = z.object({
  id: z.string(),
  cli_version: optionalText,
  source: z.optional(z.unknown()),
  base_instructions: z.nullish(z.object({ text: optionalText })),
  history_base: z.nullish(z.object({ thread_id: z.string(), end_ordinal_exclusive: z.number() })),
});
const turnEnd = z.object({ turn_id: optionalText, error: z.optional(z.unknown()) });
const compacted = z.object({ message: optionalText, replacement_history: z.nullish(z.array(z.unknown())) });
const turnNames = z.object({ turn_id: optionalText });
const metadata = z.object({ sampled_through_sequence: z.nullish(z.number()) });

type Line = Record<string, unknown> & { payload: Record<string, unknown> };
type Read = (line: Line) => SessionItemFact | Irrelevant | undefined;

/** The readers by the type of a line or, for an event, by the type of the event. */
const READERS = new Map<string, Read>(
  Object.entries({
    session_meta: readHeader,
    response_item: readItem,
    compacted: readCompacted,
    task_complete: (line) => readTurnEnd(line, line.payload.error == null ? 'completed' : 'failed'),
    turn_aborted: (line) => readTurnEnd(line, 'aborted'),
  } satisfies Record<string, Read>),
);

/**
 * Parses one line of a session file into what an estimate needs. That includes prompts and answers, which
 * `parseRolloutLine` never reads. Never throws.
 */
export function parseItemLine(line: string): SessionItem | Irrelevant | Unrecognised {
  if (!isNeeded(line)) return parseCount(line);
  const parsed = parseObject(line);
  if (isUnrecognised(parsed)) return parsed;
  const payload = typeof parsed.payload === 'object' && parsed.payload !== null ? parsed.payload : {};
  const record = { ...parsed, payload } as Line;
  const name = String(parsed.type === 'event_msg' ? record.payload.type : parsed.type);
  const read = READERS.get(name);
  if (!read) return parseCount(line);
  const fact = read(record);
  if (!fact)
    return unrecognised(`${name} of an unknown shape${name === 'response_item' ? `: ${typeOf(payload)}` : ''}`);
  if (fact.kind === 'irrelevant') return fact;
  const atMs = Date.parse(String(parsed.timestamp));
  if (Number.isNaN(atMs)) return unrecognised(`${name} without a time`);
  return { atMs, ordinal: typeof parsed.ordinal === 'number' ? parsed.ordinal : undefined, ...fact };
}

function isNeeded(line: string): boolean {
  const { type, payload } = readLineTypes(line);
  const name = type === 'event_msg' ? payload : type;
  return name === undefined || READERS.has(name);
}

/** Reads the lines that count usage as metering does. */
function parseCount(line: string): SessionItem | Irrelevant | Unrecognised {
  const record = parseRolloutLine(line);
  return record.kind === 'settings' || record.kind === 'session' ? IRRELEVANT : record;
}

function readHeader({ payload }: Line): SessionItemFact | undefined {
  const { data } = sessionMeta.safeParse(payload);
  if (!data) return undefined;
  const { history_base: base } = data;
  return {
    kind: 'session',
    threadId: data.id,
    cliVersion: data.cli_version ?? undefined,
    role: roleOf(data.source),
    instructions: data.base_instructions?.text ?? undefined,
    historyBase: base ? { threadId: base.thread_id, endOrdinal: base.end_ordinal_exclusive } : undefined,
  };
}

/** `source` is a word when a client started the thread, and `{ subagent: … }` when Codex did. */
function roleOf(source: unknown): ThreadRole {
  if (typeof source !== 'object' || source === null) return 'main';
  return (source as { subagent?: unknown }).subagent === 'review' ? 'review' : 'child';
}

function readItem(line: Line): SessionItemFact | Irrelevant | undefined {
  const item = readContextItem(line.payload);
  if (item === undefined) return undefined;
  if (item === 'nothing') return IRRELEVANT;
  const names = turnNames.safeParse(line.payload.internal_chat_message_metadata_passthrough);
  const order = metadata.safeParse(line.metadata);
  return {
    kind: 'context_item',
    turnId: names.data?.turn_id ?? undefined,
    sequence: order.data?.sampled_through_sequence ?? undefined,
    ...item,
  };
}

function readCompacted({ payload }: Line): SessionItemFact | undefined {
  const { data } = compacted.safeParse(payload);
  if (!data) return undefined;
  const replacement = data.replacement_history ? readContextItems(data.replacement_history) : undefined;
  return { kind: 'compacted', message: data.message ?? '', replacement };
}

function readTurnEnd({ payload }: Line, outcome: 'completed' | 'failed' | 'aborted'): SessionItemFact | undefined {
  const { data } = turnEnd.safeParse(payload);
  return data && { kind: 'turn_ended', turnId: data.turn_id ?? undefined, outcome };
}

function typeOf(payload: object): string {
  return String((payload as { type?: unknown }).type)
    .replace(/\W/g, '')
    .slice(0, 40);
}
