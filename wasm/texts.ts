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
