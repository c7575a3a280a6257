/* Texts that lie in the memory. */

/** Whether the letters at `start` are `text`, which is ASCII. */
export function isText(start: usize, length: i32, text: string): boolean {
  if (length !== text.length) return false;
  for (let index = 0; index < length; index++) {
    if (<i32>load<u8>(start + <usize>index) !== text.charCodeAt(index)) return false;
  }
  return true;
}

export function isSame(start: usize, length: i32, other: usize, otherLength: i32): boolean {
  return length === otherLength && memory.compare(start, other, <usize>length) === 0;
}

export const LONGEST_ID: i32 = 100;
/** A kept text: its length, in four bytes, and then its bytes. */
export const ID_BYTES: usize = 104;

export function keepText(to: usize, start: usize, length: i32): void {
  store<i32>(to, length);
  memory.copy(to + 4, start, <usize>length);
}

export function isKept(at: usize, start: usize, length: i32): boolean {
  return isSame(start, length, at + 4, load<i32>(at));
}

/** Whether the letters are the same in JSON. */
export function isPlain(start: usize, length: i32): boolean {
  for (let at = start; at < start + <usize>length; at++) {
    const byte = <u32>load<u8>(at);
    const isLetter = (byte | 0x20) - 0x61 < 26;
    const isDigitOrMark = byte - 0x2d < 14; // - . / 0-9 :
    if (!isLetter && !isDigitOrMark && byte !== 0x5f) return false;
  }
  return true;
}
