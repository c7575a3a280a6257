/* JSON without spaces, as Codex writes it. What stands otherwise is read elsewhere. */
import { advance, here, isAtEnd, peek, skip, skipByte, toQuote, untilEnd } from './cursor';

const DEEPEST: i32 = 64;
const LONGEST_NAME: i32 = 100;
const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;

/** Steps over the value that stands here. False where it is none. */
export function skipValue(depth: i32): boolean {
  const byte = peek();
  if (byte === QUOTE) return skipString();
  if (byte === 0x7b) return depth < DEEPEST && skipObject(depth + 1);
  if (byte === 0x5b) return depth < DEEPEST && skipList(depth + 1);
  if (byte === 0x74) return skip('true');
  if (byte === 0x66) return skip('false');
  if (byte === 0x6e) return skip('null');
  return skipNumber();
}

/** Steps over a name and its colon. Returns its length, or -1 where it is none or has an escape; `here` was before its quote. */
export function skipName(): i32 {
  if (!skipByte(QUOTE)) return -1;
  const start = here();
  const length = toQuote(LONGEST_NAME);
  if (length < 0) return -1;
  for (let at = start; at < start + <usize>length; at++) {
    const byte = load<u8>(at);
    if (byte === BACKSLASH || byte < 0x20) return -1;
  }
  return skip('":') ? length : -1;
}

function skipObject(depth: i32): boolean {
  advance(1);
  if (skipByte(0x7d)) return true;
  do {
    if (skipName() < 0 || !skipValue(depth)) return false;
  } while (skipByte(0x2c));
  return skipByte(0x7d);
}

function skipList(depth: i32): boolean {
  advance(1);
  if (skipByte(0x5d)) return true;
  do {
    if (!skipValue(depth)) return false;
  } while (skipByte(0x2c));
  return skipByte(0x5d);
}

function skipString(): boolean {
  advance(1);
  skipLetters();
  while (!skipByte(QUOTE)) {
    if (!skipByte(BACKSLASH) || !skipEscape()) return false;
    skipLetters();
  }
  return true;
}

/** Steps over what stands in a text for itself, 16 bytes at a time. */
function skipLetters(): void {
  const quote = i8x16.splat(QUOTE);
  const backslash = i8x16.splat(BACKSLASH);
  const space = i8x16.splat(0x20);
  while (!isAtEnd()) {
    const bytes = v128.load(here());
    const special = v128.or(i8x16.eq(bytes, quote), i8x16.eq(bytes, backslash));
    const found = <u32>i8x16.bitmask(v128.or(special, i8x16.lt_u(bytes, space)));
    const left = untilEnd();
    // What lies behind the line's end is not looked at, but may be loaded.
    const letters: usize = found === 0 ? 16 : <usize>ctz(found);
    advance(letters < left ? letters : left);
    if (letters < 16) return;
  }
}

/** What stands behind a backslash. */
function skipEscape(): boolean {
  const byte = peek();
  if (byte === 0x75) {
    advance(1);
    for (let digit = 0; digit < 4; digit++) if (!skipHexDigit()) return false;
    return true;
  }
  const isKnown =
    byte === QUOTE || byte === BACKSLASH || byte === 0x2f || byte === 0x62 || byte === 0x66 || byte === 0x6e;
  if (!isKnown && byte !== 0x72 && byte !== 0x74) return false;
  advance(1);
  return true;
}

function skipHexDigit(): boolean {
  const byte = <u32>peek();
  if (byte - 0x30 >= 10 && (byte | 0x20) - 0x61 >= 6) return false;
  advance(1);
  return true;
}

function skipNumber(): boolean {
  skipByte(0x2d);
  if (!skipByte(0x30) && !skipDigits()) return false;
  if (skipByte(0x2e) && !skipDigits()) return false;
  if (!skipByte(0x65) && !skipByte(0x45)) return true;
  if (!skipByte(0x2b)) skipByte(0x2d);
  return skipDigits();
}

function skipDigits(): boolean {
  const start = here();
  while (<u32>peek() - 0x30 < 10) advance(1);
  return here() > start;
}
