import type { Usage } from '../usage/usage.js';
import { ByteCursor, ByteText } from './byte-cursor.js';
import { HEAD_LENGTH, isSilent, parseRolloutLine, type RolloutRecord } from './codex-rollout.js';
import { readIsoTime } from './iso-time.js';
import { IRRELEVANT, type Irrelevant, type Unrecognised } from './line.js';
import { RepeatedEnd, RepeatedText } from './repeated-text.js';

/*
 * A history has lines by the million: most say nothing of usage, and nearly all of the others are one of two records.
 * Here these are told from their bytes, where they stand as Codex 0.153 and later write them, field by field. Whatever
 * looks different is left to codex-rollout, whose answer is the same.
 */

/** True when a line of a session file, which begins at `start`, says nothing of usage: what stands of it by `end` is enough. */
export function isSilentAt(bytes: Buffer, start: number, end: number): boolean {
  const told = tell(bytes, start, end);
  return told === 'silent' || (told === 'unknown' && isSilentHead(bytes, start, end));
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
  const told = tell(bytes, start, end);
  if (told === 'silent') return IRRELEVANT;
  const known = told === 'usage record' ? readUsageRecord(bytes, start) : undefined;
  const record = told === 'token count' ? readTokenCount(bytes, start) : known;
  if (record) return record;
  return told === 'unknown' && isSilentHead(bytes, start, end)
    ? IRRELEVANT
    : parseRolloutLine(decodeBrief(bytes, start, end));
}

type Told = 'silent' | 'usage record' | 'token count' | 'turn' | 'unknown';

/** What a line is, from how it begins. Of the two records that are read here the cursor stands within. */
function tell(bytes: Buffer, start: number, end: number): Told {
  cursor.place(bytes, start, end);
  if (!skipTime()) return 'unknown';
  if (cursor.skip(RESPONSE_ITEM)) return 'silent';
  if (cursor.skip(EVENT)) {
    if (cursor.skip(TOKEN_COUNT)) return 'token count';
    // The events that tell something begin with a t.
    if (cursor.peek() !== LETTER_T && cursor.toQuote(60) > 0) return 'silent';
    return cursor.skip(TASK_STARTED) ? 'turn' : 'unknown';
  }
  if (cursor.skip(USAGE_RECORD)) return 'usage record';
  return cursor.skip(TURN_CONTEXT) ? 'turn' : 'unknown';
}

function isSilentHead(bytes: Buffer, start: number, end: number): boolean {
  return isSilent(bytes.toString('latin1', start, Math.min(end, start + HEAD_LENGTH)));
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

const TIMESTAMP = new ByteText('{"timestamp":"');
const TIME_LENGTH = '2026-03-04T05:06:07.089Z'.length;
const ORDINAL = new ByteText('","ordinal":');
const TYPE_AFTER_ORDINAL = new ByteText(',"type":"');
const TYPE_AFTER_TIME = new ByteText('","type":"');
const RESPONSE_ITEM = new ByteText('response_item"');
const EVENT = new ByteText('event_msg","payload":{"type":"');
const TASK_STARTED = new ByteText('task_started"');
const TURN_CONTEXT = new ByteText('turn_context"');
const LETTER_T = 't'.charCodeAt(0);
const CLOSING = '}'.charCodeAt(0);
const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const INSTRUCTIONS = Buffer.from('"base_instructions":{"text":"');
const LONG_LINE = 2000;

const USAGE_RECORD = new ByteText('token_usage_record","payload":{"thread_id":"');
const TURN_ID = new ByteText(',"turn_id":"');
const SESSION_ID = new ByteText(',"session_id":"');
const ROOT_TURN_ID = new ByteText(',"root_turn_id":"');
const RESPONSE_ID = new ByteText(',"response_id":"');
const USAGE = new ByteText('","usage":');
const TURN_USAGE = new ByteText(',"turn_token_usage":');
const THREAD_USAGE = new ByteText(',"thread_token_usage":');
const TOKEN_COUNT = new ByteText('token_count","info":{"total_token_usage":');
const LAST_USAGE = new ByteText(',"last_token_usage":');
const RATE_LIMITS = new ByteText('},"rate_limits":');
const NULL = new ByteText('null');
const LONGEST_TEXT = 100;

const INPUT = new ByteText('{"input_tokens":');
const CACHED_INPUT = new ByteText(',"cached_input_tokens":');
const CACHE_WRITE = new ByteText(',"cache_write_input_tokens":');
const OUTPUT = new ByteText(',"output_tokens":');
const REASONING = new ByteText(',"reasoning_output_tokens":');
const TOTAL = new ByteText(',"total_tokens":');

/** Steps over the time and the ordinal that a line begins with, to its type. */
function skipTime(): boolean {
  if (!cursor.skip(TIMESTAMP)) return false;
  cursor.at += TIME_LENGTH;
  if (cursor.skip(ORDINAL)) return cursor.readNumber() >= 0 && cursor.skip(TYPE_AFTER_ORDINAL);
  return cursor.skip(TYPE_AFTER_TIME);
}

function readUsageRecord(bytes: Buffer, start: number): RolloutRecord | undefined {
  const threadId = threadIds.read(cursor, bytes, LONGEST_TEXT);
  const turnId = cursor.skip(TURN_ID) ? turnIds.read(cursor, bytes, LONGEST_TEXT) : undefined;
  const sessionId = cursor.skip(SESSION_ID) ? sessionIds.read(cursor, bytes, LONGEST_TEXT) : undefined;
  const rootTurnId = cursor.skip(ROOT_TURN_ID) ? rootTurnIds.read(cursor, bytes, LONGEST_TEXT) : undefined;
  const responseId = cursor.skip(RESPONSE_ID) ? readText(bytes) : undefined;
  const usage = cursor.skip(USAGE) ? readUsage() : undefined;
  if (!threadId || !turnId || !sessionId || !rootTurnId || !responseId || !usage) return undefined;
  if (cursor.skip(TURN_USAGE) && !(skipUsage() && cursor.skip(THREAD_USAGE) && skipUsage())) return undefined;
  const atMs = readTime(bytes, start);
  if (Number.isNaN(atMs) || !isEnd()) return undefined;
  return { atMs, kind: 'usage_record', threadId, turnId, rootTurnId, responseId, usage };
}

function readTokenCount(bytes: Buffer, start: number): RolloutRecord | undefined {
  const total = readUsage();
  const last = total && cursor.skip(LAST_USAGE) ? readUsage() : undefined;
  if (!last || !gauges.skip(cursor, bytes, skipGauges)) return undefined;
  const atMs = readTime(bytes, start);
  return Number.isNaN(atMs) ? undefined : { atMs, kind: 'token_count', total, last };
}

/** How full the context is and what is left of rate limits, to the end of the line: it changes less often than the counts. */
const gauges = new RepeatedEnd();

function skipGauges(): boolean {
  if (!cursor.toByte(CLOSING)) return false;
  if (!cursor.skip(RATE_LIMITS)) cursor.skipByte(CLOSING);
  else if (!cursor.skip(NULL) && !cursor.skipBraces()) return false;
  return isEnd();
}

/** Of the payload and of the line. */
function isEnd(): boolean {
  return cursor.skipByte(CLOSING) && cursor.skipByte(CLOSING) && cursor.isAtEnd;
}

function readUsage(): Usage | undefined {
  const input = cursor.skip(INPUT) ? cursor.readNumber() : -1;
  const cachedInput = cursor.skip(CACHED_INPUT) ? cursor.readNumber() : -1;
  const cacheWrite = cursor.skip(CACHE_WRITE) ? cursor.readNumber() : 0;
  const output = cursor.skip(OUTPUT) ? cursor.readNumber() : -1;
  const reasoning = cursor.skip(REASONING) ? cursor.readNumber() : -1;
  const isWhole = cursor.skip(TOTAL) && cursor.readNumber() >= 0 && cursor.skipByte(CLOSING);
  const isKnown = input >= 0 && cachedInput >= 0 && cacheWrite >= 0 && output >= 0 && reasoning >= 0;
  return isWhole && isKnown ? { input, cachedInput, cacheWrite, output, reasoning } : undefined;
}

function skipUsage(): boolean {
  return readUsage() !== undefined;
}

/** A session says the same of many responses. */
const threadIds = new RepeatedText();
const turnIds = new RepeatedText();
const sessionIds = new RepeatedText();
const rootTurnIds = new RepeatedText();

/** Up to the next quote. */
function readText(bytes: Buffer): string | undefined {
  const start = cursor.at;
  const length = cursor.toQuote(LONGEST_TEXT);
  return length > 0 ? bytes.toString('utf8', start, start + length) : undefined;
}

function readTime(bytes: Buffer, start: number): number {
  return readIsoTime(bytes, start + TIMESTAMP.length);
}
