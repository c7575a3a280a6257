/* The line that is read, and the position in it. */

let at: usize = 0;
let end: usize = 0;

/** Begins with the line from `from` to `to`. */
export function readLine(from: usize, to: usize): void {
  at = from;
  end = to;
}

/** Returns the address of the byte that comes next. */
export function here(): usize {
  return at;
}

export function isAtEnd(): boolean {
  return at === end;
}

/** Returns the byte that comes next, or 0 at the end. */
export function peek(): u8 {
  return at < end ? load<u8>(at) : 0;
}

export function advance(bytes: usize): void {
  at += bytes;
}

/** Steps over `text` if it comes next. It is ASCII, and AssemblyScript has two bytes for each character of it. */
export function skip(text: string): boolean {
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

export function skipByte(byte: u8): boolean {
  if (at >= end || load<u8>(at) !== byte) return false;
  at++;
  return true;
}

/** Reads a whole number. Returns -1 where there is none, or one that a double cannot hold exactly. */
export function readNumber(): i64 {
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

/** Goes to the next quote. Returns how many bytes were passed over, or -1 where there is none within `most` bytes. */
export function toQuote(most: i32): i32 {
  const start = at;
  const limit = min(end, start + <usize>most);
  while (at < limit && load<u8>(at) !== 0x22) at++;
  return at < limit ? <i32>(at - start) : -1;
}

export function toByte(byte: u8): boolean {
  while (at < end && load<u8>(at) !== byte) at++;
  return at < end;
}

/** Steps over an object in braces and all objects within it. Its texts may have no braces. */
export function skipBraces(): boolean {
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
