/* Texts in the memory. */

export const LONGEST_ID: i32 = 100;
/** A text that was copied: its length, in four bytes, and then its bytes. */
export const ID_BYTES: usize = 104;

export function copyText(to: usize, start: usize, length: i32): void {
  store<i32>(to, length);
  memory.copy(to + 4, start, <usize>length);
}

export function isCopyOf(at: usize, start: usize, length: i32): boolean {
  return length === load<i32>(at) && memory.compare(start, at + 4, <usize>length) === 0;
}
