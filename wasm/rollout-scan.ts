/*
 * AssemblyScript, compiled to WebAssembly: finds in a chunk of a Codex session file what its reader must know. A history
 * has lines by the million. Most say nothing of usage, and nearly all of the others are one of two records, which are read
 * here where they stand as Codex 0.153 and later write them, field by field. Whatever looks different is handed over as
 * a line. src/agents/codex/rollout-scanner.ts is the other side, and says what lies where.
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
import { END, ENTRY_BYTES, FLAGS, ID, KEY, KIND, LAST, START, TIME, USAGE } from './entry';
import { skipName, skipValue } from './json';
import { ID_BYTES, isKept, isText, keepText, LONGEST_ID } from './texts';
import { readTime } from './times';

const MOST_ENTRIES: i32 = 400;
const IDS: i32 = 3;

/** Where the entries lie that `scan` writes. */
const entries: usize = memory.data(96 * 400, 16);
/** The ids that were read last, each after its length: a session says the same of many responses. */
const ids: usize = memory.data(104 * 3, 16);
const THREAD: i32 = 0;
const TURN: i32 = 1;
const ROOT_TURN: i32 = 2;

/** Where in a line its time begins. */
const TIME_AT: usize = 14;

const LINE: i32 = 0;
const USAGE_RECORD: i32 = 1;
const TOKEN_COUNT: i32 = 2;
const TURN_LINE: i32 = 3;

/** Where the memory begins that nothing here uses: the bytes to scan lie there. */
export function freeAt(): usize {
  return __heap_base;
}

export function entriesAt(): usize {
  return entries;
}

let count: i32 = 0;
let next: usize = 0;

/** Begins with another file: all ids are new. */
export function begin(): void {
  for (let index = 0; index < IDS; index++) store<i32>(idAt(index), 0);
}

/** Where the first line begins that was not looked at. */
export function position(): usize {
  return next;
}

/** Looks at the whole lines between `from` and `to`, as far as there is room for what they tell. Returns how many entries were written. */
export function scan(from: usize, to: usize): i32 {
  count = 0;
  next = from;
  let place = from;
  while (place < to) {
    let found = newlines(place, to);
    while (found !== 0) {
      const newline = place + <usize>ctz(found);
      if (newline > next) take(next, newline);
      next = newline + 1;
      found &= found - 1;
      if (count === MOST_ENTRIES) return count;
    }
    place += 64;
  }
  return count;
}

/** Whether a line that begins at `from` says nothing of usage: what stands of it by `to` is enough. */
export function isSilent(from: usize, to: usize): boolean {
  readLine(from, to);
  return skipTime() && (skip('response_item"') || (skip('event_msg","payload":{"type":"') && isSilentEvent()));
}

let instructionsTo: usize = 0;

/**
 * Where the text of Codex's own instructions stands in a header: most of it, and it says nothing here. 0: nowhere. Text it is
 * up to its closing quote, whatever stands there.
 */
export function findInstructions(from: usize, to: usize): usize {
  readLine(from, to);
  if (!skipTime() || !skip('session_meta","payload":{')) return 0;
  do {
    const name = here() + 1;
    const length = skipName();
    if (length < 0) return 0;
    if (isText(name, length, 'base_instructions') && skip('{"text":"')) {
      const text = here();
      instructionsTo = closingQuote(text, to);
      return instructionsTo === 0 ? 0 : text;
    }
    if (!skipValue(1)) return 0;
  } while (skipByte(0x2c));
  return 0;
}

/** Where it ends. */
export function instructionsEnd(): usize {
  return instructionsTo;
}

/** The first quote from `from` on that ends a text; 0 where there is none. */
function closingQuote(from: usize, to: usize): usize {
  const quote = i8x16.splat(0x22);
  for (let place = from; place < to; place += 16) {
    let found = <u32>i8x16.bitmask(i8x16.eq(v128.load(place), quote));
    for (; found !== 0; found &= found - 1) {
      const at = place + <usize>ctz(found);
      if (at < to && !isEscaped(at, from)) return at;
    }
  }
  return 0;
}

/** Whether an odd number of backslashes stands before `at`, in a text that begins at `from`. */
function isEscaped(at: usize, from: usize): boolean {
  let before = at;
  while (before > from && load<u8>(before - 1) === 0x5c) before--;
  return ((at - before) & 1) === 1;
}

/** A bit for each newline among the 64 bytes from `place` on. What lies behind `to` does not count. */
function newlines(place: usize, to: usize): u64 {
  const newline = i8x16.splat(0x0a);
  const a = i8x16.eq(v128.load(place), newline);
  const b = i8x16.eq(v128.load(place, 16), newline);
  const c = i8x16.eq(v128.load(place, 32), newline);
  const d = i8x16.eq(v128.load(place, 48), newline);
  if (!v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) return 0;
  const low = <u64>i8x16.bitmask(a) | ((<u64>i8x16.bitmask(b)) << 16);
  const found = low | ((<u64>i8x16.bitmask(c)) << 32) | ((<u64>i8x16.bitmask(d)) << 48);
  const left = to - place;
  return left < 64 ? found & (((<u64>1) << left) - 1) : found;
}

/** Writes an entry for a line that tells something, or that must be read elsewhere. */
function take(from: usize, to: usize): void {
  const entry = entries + <usize>count * ENTRY_BYTES;
  readLine(from, to);
  let kind = LINE;
  if (skipTime()) {
    if (skip('response_item"')) return;
    if (skip('token_usage_record","payload":{"thread_id":"')) {
      if (readUsageRecord(entry, from)) kind = USAGE_RECORD;
      // The ids that it has were not told: those of the next record are told whole.
      else begin();
    } else if (skip('event_msg","payload":{"type":"')) {
      if (isSilentEvent() || skip('task_complete"')) return;
      if (skip('token_count","info":{"total_token_usage":')) {
        if (readTokenCount(entry, from)) kind = TOKEN_COUNT;
      } else if (skip('task_started"')) kind = TURN_LINE;
    } else if (skip('turn_context"')) kind = TURN_LINE;
  }
  store<i32>(entry, kind, KIND);
  store<i32>(entry, <i32>from, START);
  store<i32>(entry, <i32>to, END);
  count++;
}

/** Steps over the time and the ordinal that a line begins with, to its type. */
function skipTime(): boolean {
  if (!skip('{"timestamp":"')) return false;
  advance(24);
  if (skip('","ordinal":')) return readNumber() >= 0 && skip(',"type":"');
  return skip('","type":"');
}

/** The events that tell something begin with a t. */
function isSilentEvent(): boolean {
  return !isAtEnd() && peek() !== 0x74 && toQuote(60) > 0;
}

function readUsageRecord(entry: usize, from: usize): boolean {
  const thread = readId(entry, THREAD);
  if (thread < 0 || !skip(',"turn_id":"')) return false;
  const turn = readId(entry, TURN);
  if (turn < 0 || !skip(',"session_id":"') || toQuote(LONGEST_ID) <= 0 || !skip('","root_turn_id":"')) return false;
  const rootTurn = readId(entry, ROOT_TURN);
  if (rootTurn < 0 || !skip(',"response_id":"')) return false;
  const key = here();
  const keyLength = toQuote(LONGEST_ID);
  if (keyLength <= 0 || !skip('","usage":') || !readUsage(entry + USAGE)) return false;
  if (
    skip(',"turn_token_usage":') &&
    !(readUsage(entry + LAST) && skip(',"thread_token_usage":') && readUsage(entry + LAST))
  ) {
    return false;
  }
  store<i32>(entry, thread | (turn << TURN) | (rootTurn << ROOT_TURN), FLAGS);
  store<i32>(entry, <i32>key, KEY);
  store<i32>(entry, keyLength, KEY + 4);
  return isEnd() && readTime(entry + TIME, from + TIME_AT);
}

function readTokenCount(entry: usize, from: usize): boolean {
  if (!readUsage(entry + USAGE) || !skip(',"last_token_usage":') || !readUsage(entry + LAST)) return false;
  return skipGauges() && readTime(entry + TIME, from + TIME_AT);
}

/** How full the context is and what is left of rate limits, to the end of the line. */
function skipGauges(): boolean {
  if (!toByte(0x7d)) return false;
  if (!skip('},"rate_limits":')) skipByte(0x7d);
  else if (!skip('null') && !skipBraces()) return false;
  return isEnd();
}

/** Reads an id, and steps over its quote. 0: it is the one that was read before; 1: it is another; -1: there is none. */
function readId(entry: usize, index: i32): i32 {
  const known = idAt(index);
  const start = here();
  const length = toQuote(LONGEST_ID);
  if (length <= 0) return -1;
  advance(1);
  const place = entry + ID + <usize>(index * 8);
  store<i32>(place, <i32>start);
  store<i32>(place, length, 4);
  if (isKept(known, start, length)) return 0;
  keepText(known, start, length);
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

/** Larger ones than fit in 31 bits are read elsewhere. */
function storeCount(to: usize): boolean {
  const value = readNumber();
  store<i32>(to, <i32>value);
  return value >= 0 && value <= i32.MAX_VALUE;
}

/** Of the payload and of the line. */
function isEnd(): boolean {
  return skipByte(0x7d) && skipByte(0x7d) && isAtEnd();
}
