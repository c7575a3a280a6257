/* Texts that lie in the memory. */

/** Whether the letters at `start` are `text`, which is ASCII. */
export function isText(start: usize, length: i32, text: string): boolean {
  if (length !== text.length) return false;
  for (let index = 0; index < length; index++) {
    if (<i32>load<u8>(start + <usize>index) !== text.charCodeAt(index)) return false;
  }
  return true;
}

export const LONGEST_ID: i32 = 100;
/** A kept text: its length, in four bytes, and then its bytes. */
export const ID_BYTES: usize = 104;

export function keepText(to: usize, start: usize, length: i32): void {
  store<i32>(to, length);
  memory.copy(to + 4, start, <usize>length);
}

export function isKept(at: usize, start: usize, length: i32): boolean {
  return length === load<i32>(at) && memory.compare(start, at + 4, <usize>length) === 0;
}
