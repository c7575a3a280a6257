/*
 * The ids of the responses that one session file has told, so that none is counted twice: a hash table of places in a list
 * of their bytes.
 */
import { isSame } from './texts';

const MOST_KEYS: i32 = 16_384;
const LIST_BYTES: usize = 1_048_576;
/** Twice as many as keys. */
const SLOTS: u32 = 32_768;
const HEAD_BYTES: usize = 12;
/** What a key is followed by at most, so that the next one begins at a multiple of four. */
const PADDING: usize = 3;

const slots: usize = memory.data(4 * 32_768, 16);
/** Of each key: its slot, its length, where the one before it lies, and its bytes. */
const list: usize = memory.data(1_048_576, 16);

let keys: i32 = 0;
let newest: usize = 0;
let listEnd: usize = list;

/** Where the key lies that was remembered last; what lies where is said above. */
export function newestKeyAt(): usize {
  return newest;
}

export function countKeys(): i32 {
  return keys;
}

export function forgetKeys(): void {
  for (let at = list; at < listEnd; at = keyBehind(at)) store<u32>(slots + ((<usize>load<u32>(at)) << 2), 0);
  keys = 0;
  newest = 0;
  listEnd = list;
}

/** Whether the key of `length` bytes at `start` is in the list. */
export function isKnownKey(start: usize, length: i32): boolean {
  return keyIn(findSlot(start, length)) !== 0;
}

/** Puts a key into the list. False where there is no room. */
export function rememberKey(start: usize, length: i32): boolean {
  if (keys === MOST_KEYS || listEnd + HEAD_BYTES + <usize>length + PADDING > list + LIST_BYTES) return false;
  const slot = findSlot(start, length);
  if (keyIn(slot) !== 0) return true;
  store<u32>(listEnd, slot);
  store<i32>(listEnd, length, 4);
  store<u32>(listEnd, <u32>newest, 8);
  memory.copy(listEnd + HEAD_BYTES, start, <usize>length);
  store<u32>(slots + ((<usize>slot) << 2), <u32>listEnd);
  newest = listEnd;
  listEnd = keyBehind(listEnd);
  keys++;
  return true;
}

function keyBehind(at: usize): usize {
  return (at + HEAD_BYTES + <usize>load<i32>(at, 4) + PADDING) & ~PADDING;
}

/** The slot of a key: the one that holds it, or the empty one where it belongs. */
function findSlot(start: usize, length: i32): u32 {
  let slot = hash(start, length) & (SLOTS - 1);
  let known = keyIn(slot);
  while (known !== 0 && !isKey(known, start, length)) {
    slot = (slot + 1) & (SLOTS - 1);
    known = keyIn(slot);
  }
  return slot;
}

/** Where the key lies that a slot holds; 0 where it is empty. */
function keyIn(slot: u32): usize {
  return <usize>load<u32>(slots + ((<usize>slot) << 2));
}

function isKey(known: usize, start: usize, length: i32): boolean {
  return isSame(start, length, known + HEAD_BYTES, load<i32>(known, 4));
}

/** FNV-1a's steps, four bytes at a time; what is left of a length that is no multiple of four, byte by byte. */
function hash(start: usize, length: i32): u32 {
  let value: u32 = 0x811c_9dc5 ^ <u32>length;
  let at = start;
  const end = start + <usize>length;
  for (; at + 4 <= end; at += 4) value = mix(value, load<u32>(at));
  for (; at < end; at++) value = mix(value, <u32>load<u8>(at));
  return value ^ (value >>> 15);
}

function mix(value: u32, word: u32): u32 {
  const mixed = (value ^ word) * 0x0100_0193;
  return mixed ^ (mixed >>> 13);
}
