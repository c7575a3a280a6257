/*
 * AssemblyScript, compiled to WebAssembly: finds in a chunk of a Codex session file what its reader must know. A history
 * has lines by the million. Most say nothing of usage, and nearly all of the others are one of two records, which are read
 * here where they stand as Codex 0.153 and later write them, field by field. Whatever looks different is handed over as
 * a line. src/formats/rollout-scanner.ts is the other side, and says what lies where.
 */

const ENTRY_BYTES: usize = 96;
const MOST_ENTRIES: i32 = 400;
const LONGEST_ID: i32 = 100;
const ID_BYTES: i32 = 104;
const IDS: i32 = 3;

/** Where the entries lie that `scan` writes. */
const entries: usize = memory.data(96 * 400, 16);
/** The ids that were read last, each after its length: a session says the same of many responses. */
const ids: usize = memory.data(104 * 3, 16);
const THREAD: i32 = 0;
const TURN: i32 = 1;
const ROOT_TURN: i32 = 2;

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

let at: usize = 0;
let end: usize = 0;
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

/**
 * Looks at the whole lines between `from` and `to`, as far as there is room for what they tell, or to the first that
 * must be read elsewhere. Returns how many entries were written.
 */
export function scan(from: usize, to: usize): i32 {
  count = 0;
  next = from;
  let place = from;
  while (place < to) {
    let found = newlines(place, to);
    while (found !== 0) {
      const newline = place + <usize>ctz(found);
      if (newline > next && !take(next, newline)) return count;
      next = newline + 1;
      found &= found - 1;
      if (count === MOST_ENTRIES) return count;
    }
    place += 64;
  }
  return count;
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

/** Tells what a line says. False where it must be read elsewhere. */
function take(from: usize, to: usize): boolean {
  const entry = entries + <usize>count * ENTRY_BYTES;
  at = from;
  end = to;
  let kind = LINE;
  if (skipTime()) {
    if (skip('response_item"')) return true;
    let isRead = false;
    if (skip('token_usage_record","payload":{"thread_id":"')) {
      isRead = readUsageRecord(entry, from);
      // The other side has not heard of the ids in it.
      if (!isRead) begin();
    } else if (skip('event_msg","payload":{"type":"')) {
      if (isSilentEvent()) return true;
      if (skip('token_count","info":{"total_token_usage":')) isRead = readTokenCount(entry, from);
      else if (skip('task_started"')) kind = TURN_LINE;
    } else if (skip('turn_context"')) kind = TURN_LINE;
    if (isRead) {
      count++;
      return true;
    }
  }
  store<i32>(entry, kind);
  store<i32>(entry, <i32>from, 4);
  store<i32>(entry, <i32>to, 8);
  count++;
  next = to + 1;
  return false;
}

/** Steps over the time and the ordinal that a line begins with, to its type. */
function skipTime(): boolean {
  if (!skip('{"timestamp":"')) return false;
  at += 24;
  if (skip('","ordinal":')) return readNumber() >= 0 && skip(',"type":"');
  return skip('","type":"');
}

/** The events that tell something begin with a t. */
function isSilentEvent(): boolean {
  return at < end && load<u8>(at) !== 0x74 && toQuote(60) > 0;
}

function readUsageRecord(entry: usize, from: usize): boolean {
  const thread = readId(entry, THREAD);
  if (thread < 0 || !skip(',"turn_id":"')) return false;
  const turn = readId(entry, TURN);
  if (turn < 0 || !skip(',"session_id":"') || toQuote(LONGEST_ID) <= 0 || !skip('","root_turn_id":"')) return false;
  const rootTurn = readId(entry, ROOT_TURN);
  if (rootTurn < 0 || !skip(',"response_id":"')) return false;
  const key = at;
  const keyLength = toQuote(LONGEST_ID);
  if (keyLength <= 0 || !skip('","usage":') || !readUsage(entry + 56)) return false;
  if (
    skip(',"turn_token_usage":') &&
    !(readUsage(entry + 76) && skip(',"thread_token_usage":') && readUsage(entry + 76))
  ) {
    return false;
  }
  store<i32>(entry, USAGE_RECORD);
  store<i32>(entry, thread | (turn << 1) | (rootTurn << 2), 12);
  store<i32>(entry, <i32>key, 40);
  store<i32>(entry, keyLength, 44);
  return isEnd() && readTime(entry + 48, from);
}

function readTokenCount(entry: usize, from: usize): boolean {
  store<i32>(entry, TOKEN_COUNT);
  if (!readUsage(entry + 56) || !skip(',"last_token_usage":') || !readUsage(entry + 76)) return false;
  return skipGauges() && readTime(entry + 48, from);
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
  const start = at;
  const length = toQuote(LONGEST_ID);
  if (length <= 0) return -1;
  at++;
  store<i32>(entry + 16 + <usize>(index * 8), <i32>start);
  store<i32>(entry + 20 + <usize>(index * 8), length);
  if (load<i32>(known) === length && memory.compare(known + 4, start, length) === 0) return 0;
  store<i32>(known, length);
  memory.copy(known + 4, start, length);
  return 1;
}

function idAt(index: i32): usize {
  return ids + <usize>(index * ID_BYTES);
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
  return skipByte(0x7d) && skipByte(0x7d) && at === end;
}

/** Steps over `text`, if that is what stands here: ASCII, which AssemblyScript keeps in two bytes each. */
function skip(text: string): boolean {
  const length = <usize>text.length;
  if (at + length > end) return false;
  const letters = changetype<usize>(text);
  let index: usize = 0;
  for (; index + 8 <= length; index += 8) {
    const wide = i16x8.extend_low_i8x16_u(v128.load64_zero(at + index));
    if (!i16x8.all_true(i16x8.eq(wide, v128.load(letters + (index << 1))))) return false;
  }
  for (; index < length; index++) {
    if (<u16>load<u8>(at + index) !== load<u16>(letters + (index << 1))) return false;
  }
  at += length;
  return true;
}

function skipByte(byte: u8): boolean {
  if (at >= end || load<u8>(at) !== byte) return false;
  at++;
  return true;
}

/** The whole number that stands here, or -1 when there is none that a double can tell exactly. */
function readNumber(): i64 {
  const start = at;
  let value: i64 = 0;
  while (at < end) {
    const digit = <u32>load<u8>(at) - 0x30;
    if (digit > 9) break;
    value = value * 10 + <i64>digit;
    at++;
  }
  const digits = at - start;
  const isPadded = digits > 1 && load<u8>(start) === 0x30;
  return digits === 0 || digits > 15 || isPadded ? -1 : value;
}

/** Goes to the next quote. Returns how many bytes were passed over, or -1 when there is none within `most`. */
function toQuote(most: i32): i32 {
  const start = at;
  const limit = min(end, start + <usize>most);
  while (at < limit && load<u8>(at) !== 0x22) at++;
  return at < limit ? <i32>(at - start) : -1;
}

function toByte(byte: u8): boolean {
  while (at < end && load<u8>(at) !== byte) at++;
  return at < end;
}

/** Steps over what stands in braces here, braces in it included, where its texts hold none. */
function skipBraces(): boolean {
  let depth = 0;
  for (; at < end; at++) {
    const byte = load<u8>(at);
    if (byte === 0x7b) depth++;
    else if (byte === 0x7d) depth--;
    if (depth > 0) continue;
    at++;
    return byte === 0x7d;
  }
  return false;
}

/** The epoch milliseconds of the time that a line begins with, `2026-03-04T05:06:07.089Z`. False where it is an odd one. */
function readTime(to: usize, from: usize): boolean {
  const start = from + 14;
  const year = readDigits(start, 4);
  const month = readDigits(start + 5, 2);
  const day = readDigits(start + 8, 2);
  const hour = readDigits(start + 11, 2);
  const minute = readDigits(start + 14, 2);
  const second = readDigits(start + 17, 2);
  const millis = readDigits(start + 20, 3);
  const isDate = year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month);
  const isTime = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60 && millis >= 0;
  if (!isDate || !isTime || !hasSeparators(start)) return false;
  const withinDay = ((hour * 60 + minute) * 60 + second) * 1000 + millis;
  store<f64>(to, <f64>daysSince1970(year, month, day) * 86_400_000.0 + <f64>withinDay);
  return true;
}

function hasSeparators(start: usize): boolean {
  const isDate = load<u8>(start, 4) === 0x2d && load<u8>(start, 7) === 0x2d && load<u8>(start, 10) === 0x54;
  const isTime = load<u8>(start, 13) === 0x3a && load<u8>(start, 16) === 0x3a && load<u8>(start, 19) === 0x2e;
  return isDate && isTime && load<u8>(start, 23) === 0x5a;
}

function daysOf(year: i32, month: i32): i32 {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Years that begin in March: then the leap day is the last, and months repeat every five. */
function daysSince1970(year: i32, month: i32, day: i32): i32 {
  const years = month <= 2 ? year - 1 : year;
  const dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return years * 365 + years / 4 - years / 100 + years / 400 + dayOfYear - 719_468;
}

/** Less than any number where something else than a digit stands. */
function readDigits(start: usize, length: i32): i32 {
  let value = 0;
  for (let index = 0; index < length; index++) {
    const digit = <u32>load<u8>(start + <usize>index) - 0x30;
    if (digit > 9) return -100_000;
    value = value * 10 + <i32>digit;
  }
  return value;
}
