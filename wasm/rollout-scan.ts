/*
 * AssemblyScript, compiled to WebAssembly: goes through the lines of a Codex session file. Most say nothing of usage and are
 * passed over. Nearly all of the others are one of two records, which are read here field by field, as Codex 0.153 and later
 * write them. A line that differs in any way is left to the caller, by its position. src/agents/codex/rollout-scanner.ts is
 * the caller.
 */
import {
  advance,
  here,
  isAtEnd,
  peek,
  readLine,
  readNumber,
  skip,
  skipBraces,
  skipByte,
  toByte,
  toQuote,
} from './cursor';
import { END, ENTRY_BYTES, FLAGS, ID, KIND, LAST, LINES_BEFORE, RESPONSE_ID, START, TIME, USAGE } from './entry';
import { copyText, ID_BYTES, isCopyOf, LONGEST_ID } from './texts';
import { readTime } from './times';

const MOST_ENTRIES: i32 = 400;
const IDS: i32 = 3;

/** The entries that `scan` writes. */
const entries: usize = memory.data(104 * 400, 16);
/** The ids of the record before, because many responses in a row have the same ones. */
const ids: usize = memory.data(104 * 3, 16);
const THREAD: i32 = 0;
const TURN: i32 = 1;
const ROOT_TURN: i32 = 2;

/** Where in a line its time begins. */
const TIME_AT: usize = 14;

const LINE: i32 = 0;
const USAGE_RECORD: i32 = 1;
const TOKEN_COUNT: i32 = 2;

/** Returns where the memory begins that nothing here uses. The caller puts the lines there. */
export function freeAt(): usize {
  return __heap_base;
}

export function entriesAt(): usize {
  return entries;
}

let count: i32 = 0;
let lines: i32 = 0;
let next: usize = 0;
let end: usize = 0;

/** Takes all ids of the next record for new ones. */
export function forgetIds(): void {
  for (let index = 0; index < IDS; index++) store<i32>(idAt(index), 0);
}

/** Begins with the whole lines between `from` and `to`. */
export function begin(from: usize, to: usize): void {
  lines = 0;
  next = from;
  end = to;
}

/** Goes on until all entries are used or all lines are done. Returns how many entries were written: 0 at the end. */
export function scan(): i32 {
  count = 0;
  let at = next;
  while (at < end) {
    let found = newlines(at);
    while (found !== 0) {
      const newline = at + <usize>ctz(found);
      if (newline > next) take(next, newline);
      next = newline + 1;
      lines++;
      found &= found - 1;
      if (count === MOST_ENTRIES) return count;
    }
    at += 64;
  }
  next = end;
  return count;
}

/** Returns how many lines have been gone through since `begin`. */
export function lineCount(): i32 {
  return lines;
}

/** Returns a bit for each newline among the 64 bytes from `at` on that is before `end`. */
function newlines(at: usize): u64 {
  const newline = i8x16.splat(0x0a);
  const a = i8x16.eq(v128.load(at), newline);
  const b = i8x16.eq(v128.load(at, 16), newline);
  const c = i8x16.eq(v128.load(at, 32), newline);
  const d = i8x16.eq(v128.load(at, 48), newline);
  if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) return 0;
  const low = <u64>i8x16.bitmask(a) | ((<u64>i8x16.bitmask(b)) << 16);
  const found = low | ((<u64>i8x16.bitmask(c)) << 32) | ((<u64>i8x16.bitmask(d)) << 48);
  const left = end - at;
  return left < 64 ? found & (((<u64>1) << left) - 1) : found;
}

/** Writes an entry for a line, unless it says nothing of usage. */
function take(from: usize, to: usize): void {
  const entry = entries + <usize>count * ENTRY_BYTES;
  readLine(from, to);
  let kind = LINE;
  if (skipTime()) {
    if (skip('response_item"')) return;
    if (skip('token_usage_record","payload":{"thread_id":"')) {
      if (readUsageRecord(entry, from)) kind = USAGE_RECORD;
      // The caller does not learn the ids that it had.
      else forgetIds();
    } else if (skip('event_msg","payload":{"type":"')) {
      if (isIrrelevantEvent() || skip('task_complete"')) return;
      if (skip('token_count","info":{"total_token_usage":') && readTokenCount(entry, from)) kind = TOKEN_COUNT;
    }
  }
  store<i32>(entry, kind, KIND);
  store<i32>(entry, <i32>from, START);
  store<i32>(entry, <i32>to, END);
  store<i32>(entry, lines, LINES_BEFORE);
  count++;
}

/** Steps over the time and the ordinal at the beginning of a line, to its type. */
function skipTime(): boolean {
  if (!skip('{"timestamp":"')) return false;
  advance(24);
  if (skip('","ordinal":')) return readNumber() >= 0 && skip(',"type":"');
  return skip('","type":"');
}

/** The names of the events that say something begin with a t. */
function isIrrelevantEvent(): boolean {
  return !isAtEnd() && peek() !== 0x74 && toQuote(60) > 0;
}

function readUsageRecord(entry: usize, from: usize): boolean {
  const thread = readId(entry, THREAD);
  if (thread < 0 || !skip(',"turn_id":"')) return false;
  const turn = readId(entry, TURN);
  if (turn < 0 || !skip(',"session_id":"') || toQuote(LONGEST_ID) <= 0 || !skip('","root_turn_id":"')) return false;
  const rootTurn = readId(entry, ROOT_TURN);
  if (rootTurn < 0 || !skip(',"response_id":"')) return false;
  const responseId = here();
  const length = toQuote(LONGEST_ID);
  if (length <= 0 || !skip('","usage":') || !readUsage(entry + USAGE)) return false;
  if (
    skip(',"turn_token_usage":') &&
    !(readUsage(entry + LAST) && skip(',"thread_token_usage":') && readUsage(entry + LAST))
  ) {
    return false;
  }
  store<i32>(entry, thread | (turn << TURN) | (rootTurn << ROOT_TURN), FLAGS);
  store<i32>(entry, <i32>responseId, RESPONSE_ID);
  store<i32>(entry, length, RESPONSE_ID + 4);
  return isEnd() && readTime(entry + TIME, from + TIME_AT);
}

function readTokenCount(entry: usize, from: usize): boolean {
  if (!readUsage(entry + USAGE) || !skip(',"last_token_usage":') || !readUsage(entry + LAST)) return false;
  return skipGauges() && readTime(entry + TIME, from + TIME_AT);
}

/** Steps over how full the context is and the rate limits, to the end of the line. */
function skipGauges(): boolean {
  if (!toByte(0x7d)) return false;
  if (!skip('},"rate_limits":')) skipByte(0x7d);
  else if (!skip('null') && !skipBraces()) return false;
  return isEnd();
}

/** Reads an id and its closing quote. Returns 0 for the id of the record before, 1 for another one, -1 where there is none. */
function readId(entry: usize, index: i32): i32 {
  const before = idAt(index);
  const start = here();
  const length = toQuote(LONGEST_ID);
  if (length <= 0) return -1;
  advance(1);
  const field = entry + ID + <usize>(index * 8);
  store<i32>(field, <i32>start);
  store<i32>(field, length, 4);
  if (isCopyOf(before, start, length)) return 0;
  copyText(before, start, length);
  return 1;
}

function idAt(index: i32): usize {
  return ids + <usize>index * ID_BYTES;
}

function readUsage(to: usize): boolean {
  if (!skip('{"input_tokens":') || !storeCount(to) || !skip(',"cached_input_tokens":') || !storeCount(to + 4))
    return false;
  if (!skip(',"cache_write_input_tokens":')) store<i32>(to, 0, 8);
  else if (!storeCount(to + 8)) return false;
  if (!skip(',"output_tokens":') || !storeCount(to + 12)) return false;
  if (!skip(',"reasoning_output_tokens":') || !storeCount(to + 16)) return false;
  return skip(',"total_tokens":') && readNumber() >= 0 && skipByte(0x7d);
}

/** A line with a count that needs more than 31 bits is left to the caller. */
function storeCount(to: usize): boolean {
  const value = readNumber();
  store<i32>(to, <i32>value);
  return value >= 0 && value <= i32.MAX_VALUE;
}

/** Reads the end of the payload and of the line. */
function isEnd(): boolean {
  return skipByte(0x7d) && skipByte(0x7d) && isAtEnd();
}
