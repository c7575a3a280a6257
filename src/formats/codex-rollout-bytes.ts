import type { Usage } from '../usage/usage.js';
import { ByteCursor } from './byte-cursor.js';
import { HEAD_LENGTH, isSilent, parseRolloutLine, type RolloutRecord } from './codex-rollout.js';
import { readIsoTime } from './iso-time.js';
import type { Irrelevant, Unrecognised } from './line.js';
import { RepeatedText } from './repeated-text.js';

/*
 * A history has lines by the million: most say nothing of usage, and nearly all of the others are one of two records.
 * Here these are told from their bytes, where they stand as Codex 0.153 and later write them, field by field. Whatever
 * looks different is left to codex-rollout, whose answer is the same.
 */

/** True when a line of a session file, which begins at `start`, says nothing of usage. */
export function isSilentAt(bytes: Buffer, start: number, end: number): boolean {
  cursor.place(bytes, start, end);
  if (skipTime() && cursor.skip(TYPE)) {
    if (cursor.skip(RESPONSE_ITEM)) return true;
    if (cursor.skip(TOKEN_RECORD)) return false;
    // The events that tell something begin with a t.
    if (cursor.skip(EVENT) && cursor.at < end) {
      if (cursor.skip(TOKEN_EVENT)) return false;
      if (bytes[cursor.at] !== LETTER_T && cursor.toQuote(60) > 0) return true;
    }
  }
  return isSilent(bytes.toString('latin1', start, Math.min(end, start + HEAD_LENGTH)));
}

/**
 * Parses the line from `start` to `end`: the same as `parseRolloutLine`, without how full the context is and what is left
 * of rate limits, in a fraction of the time. Never throws.
 */
export function parseRolloutBytes(
  bytes: Buffer,
  start: number,
  end: number,
): RolloutRecord | Irrelevant | Unrecognised {
  return readKnown(bytes, start, end) ?? parseRolloutLine(decodeBrief(bytes, start, end));
}

/** A line as text, without the text of Codex's own instructions: it is most of a header, 20 kB, and says nothing here. */
function decodeBrief(bytes: Buffer, start: number, end: number): string {
  const line = bytes.subarray(start, end);
  // A quote within a text has a backslash before it: where this stands, it is a key.
  const key = line.length > LONG_LINE ? line.indexOf(INSTRUCTIONS) : -1;
  if (key === -1) return line.toString('utf8');
  const from = key + INSTRUCTIONS.length;
  const to = findClosingQuote(line, from);
  return to === -1 ? line.toString('utf8') : line.toString('utf8', 0, from) + line.toString('utf8', to);
}

function findClosingQuote(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(QUOTE, from);
  while (at !== -1 && isEscaped(bytes, at)) at = bytes.indexOf(QUOTE, at + 1);
  return at;
}

/** Whether an odd number of backslashes stands before `at`. */
function isEscaped(bytes: Buffer, at: number): boolean {
  let before = at;
  while (bytes[before - 1] === BACKSLASH) before--;
  return (at - before) % 2 === 1;
}

const cursor = new ByteCursor();

const TIMESTAMP = Buffer.from('{"timestamp":"');
const TIME_LENGTH = '2026-03-04T05:06:07.089Z'.length;
const AFTER_TIME = Buffer.from('",');
const ORDINAL = Buffer.from('"ordinal":');
const COMMA = Buffer.from(',');
const TYPE = Buffer.from('"type":"');
const RESPONSE_ITEM = Buffer.from('response_item"');
const EVENT = Buffer.from('event_msg","payload":{"type":"');
const TOKEN_RECORD = Buffer.from('token_usage_record"');
const TOKEN_EVENT = Buffer.from('token_count"');
const LETTER_T = 't'.charCodeAt(0);
const CLOSING = '}'.charCodeAt(0);
const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const INSTRUCTIONS = Buffer.from('"base_instructions":{"text":"');
const LONG_LINE = 2000;

const USAGE_RECORD = Buffer.from('token_usage_record","payload":{"thread_id":"');
const TURN_ID = Buffer.from('","turn_id":"');
const SESSION_ID = Buffer.from('","session_id":"');
const ROOT_TURN_ID = Buffer.from('","root_turn_id":"');
const RESPONSE_ID = Buffer.from('","response_id":"');
const USAGE = Buffer.from('","usage":');
const TURN_USAGE = Buffer.from(',"turn_token_usage":{');
const THREAD_USAGE = Buffer.from('},"thread_token_usage":{');
const TOKEN_COUNT = Buffer.from('event_msg","payload":{"type":"token_count","info":{"total_token_usage":');
const LAST_USAGE = Buffer.from(',"last_token_usage":');
const RATE_LIMITS = Buffer.from('},"rate_limits":');
const END = Buffer.from('}}');
const NULL = Buffer.from('null');
const LONGEST_TEXT = 100;

const INPUT = Buffer.from('{"input_tokens":');
const CACHED_INPUT = Buffer.from(',"cached_input_tokens":');
const CACHE_WRITE = Buffer.from(',"cache_write_input_tokens":');
const OUTPUT = Buffer.from(',"output_tokens":');
const REASONING = Buffer.from(',"reasoning_output_tokens":');
const TOTAL = Buffer.from(',"total_tokens":');
const CLOSE = Buffer.from('}');

/** Steps over the time and the ordinal that a line begins with. */
function skipTime(): boolean {
  if (!cursor.skip(TIMESTAMP) || cursor.toQuote(TIME_LENGTH + 1) !== TIME_LENGTH || !cursor.skip(AFTER_TIME))
    return false;
  return !cursor.skip(ORDINAL) || (cursor.readNumber() >= 0 && cursor.skip(COMMA));
}

function readKnown(bytes: Buffer, start: number, end: number): RolloutRecord | undefined {
  cursor.place(bytes, start, end);
  if (!skipTime() || !cursor.skip(TYPE)) return undefined;
  if (cursor.skip(USAGE_RECORD)) return readUsageRecord(bytes, start);
  return cursor.skip(TOKEN_COUNT) ? readTokenCount(bytes, start) : undefined;
}

function readUsageRecord(bytes: Buffer, start: number): RolloutRecord | undefined {
  const threadId = readText(bytes, threadIds);
  const turnId = cursor.skip(TURN_ID) ? readText(bytes, turnIds) : undefined;
  if (!cursor.skip(SESSION_ID) || cursor.toQuote(LONGEST_TEXT) <= 0 || !cursor.skip(ROOT_TURN_ID)) return undefined;
  const rootTurnId = readText(bytes, rootTurnIds);
  const responseId = cursor.skip(RESPONSE_ID) ? readText(bytes) : undefined;
  const usage = cursor.skip(USAGE) ? readUsage() : undefined;
  if (!threadId || !turnId || !rootTurnId || !responseId || !usage) return undefined;
  if (cursor.skip(TURN_USAGE) && !(cursor.toByte(CLOSING) && cursor.skip(THREAD_USAGE) && cursor.toByte(CLOSING))) {
    return undefined;
  }
  cursor.skip(CLOSE);
  const atMs = readTime(bytes, start);
  if (Number.isNaN(atMs) || !isEnd()) return undefined;
  return { atMs, kind: 'usage_record', threadId, turnId, rootTurnId, responseId, usage };
}

function readTokenCount(bytes: Buffer, start: number): RolloutRecord | undefined {
  const total = readUsage();
  const last = total && cursor.skip(LAST_USAGE) ? readUsage() : undefined;
  if (!last || !cursor.toByte(CLOSING)) return undefined;
  if (!cursor.skip(RATE_LIMITS)) cursor.skip(CLOSE);
  else if (!cursor.skip(NULL) && !cursor.skipBraces()) return undefined;
  const atMs = readTime(bytes, start);
  return Number.isNaN(atMs) || !isEnd() ? undefined : { atMs, kind: 'token_count', total, last };
}

/** Of the payload and of the line. */
function isEnd(): boolean {
  return cursor.skip(END) && cursor.isAtEnd;
}

function readUsage(): Usage | undefined {
  const input = cursor.skip(INPUT) ? cursor.readNumber() : -1;
  const cachedInput = cursor.skip(CACHED_INPUT) ? cursor.readNumber() : -1;
  const cacheWrite = cursor.skip(CACHE_WRITE) ? cursor.readNumber() : 0;
  const output = cursor.skip(OUTPUT) ? cursor.readNumber() : -1;
  const reasoning = cursor.skip(REASONING) ? cursor.readNumber() : -1;
  const isWhole = cursor.skip(TOTAL) && cursor.readNumber() >= 0 && cursor.skip(CLOSE);
  const isKnown = input >= 0 && cachedInput >= 0 && cacheWrite >= 0 && output >= 0 && reasoning >= 0;
  return isWhole && isKnown ? { input, cachedInput, cacheWrite, output, reasoning } : undefined;
}

/** A session says the same of many responses. */
const threadIds = new RepeatedText();
const turnIds = new RepeatedText();
const rootTurnIds = new RepeatedText();

function readText(bytes: Buffer, repeated?: RepeatedText): string | undefined {
  const start = cursor.at;
  if (cursor.toQuote(LONGEST_TEXT) <= 0) return undefined;
  return repeated ? repeated.read(bytes, start, cursor.at) : bytes.toString('utf8', start, cursor.at);
}

function readTime(bytes: Buffer, start: number): number {
  return readIsoTime(bytes, start + TIMESTAMP.length);
}
