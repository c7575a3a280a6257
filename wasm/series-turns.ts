/*
 * The turns of a series. One begins with the event that it has been started and with its context, which names the model:
 * it belongs to the series if that is the model of the responses before.
 */
import { here, isAtEnd, skipByte } from './cursor';
import { skipName, skipValue } from './json';
import { ID_BYTES, isKept, isPlain, isSame, isText, keepText, LONGEST_ID } from './texts';

const MOST_TURNS: i32 = 64;
const LIST_BYTES: usize = 16_384;
/** Two ids, and what stands around them. */
const LONGEST_PAIR: usize = 216;

/** The model of the series, which the other side writes. */
const model: usize = memory.data(104, 16);
let modelLength: i32 = 0;
/** The turn that was started last, after its length; 0 where none was. */
const started: usize = memory.data(104, 16);
/** The turns whose contexts name the model, each after its length. */
const announced: usize = memory.data(104 * 64, 16);
let announcedCount: i32 = 0;
/** The turns that have a response: JSON lists of two ids, each with a comma before it. */
const list: usize = memory.data(16_384, 16);
let listEnd: usize = list;
let listed: i32 = 0;
/** The place of the turn that has the newest response in the list of the pack, and the one of the next. */
let place: u32 = 0;
let nextPlace: u32 = 0;

export function modelAt(): usize {
  return model;
}

export function startedTurnAt(): usize {
  return started;
}

export function announcedTurnsAt(): usize {
  return announced;
}

export function countAnnouncedTurns(): i32 {
  return announcedCount;
}

export function turnListAt(): usize {
  return list;
}

export function turnListLength(): usize {
  return listEnd - list;
}

export function countListedTurns(): i32 {
  return listed;
}

/** Begins with a turn that stands at `turn` in a list of `turns`. */
export function openTurns(turn: u32, turns: u32, lengthOfModel: i32): void {
  place = turn;
  nextPlace = turns;
  modelLength = lengthOfModel;
  announcedCount = 0;
  listEnd = list;
  listed = 0;
  store<i32>(started, 0);
}

/** The place of the turn that the newest response is of. */
export function currentTurn(): u32 {
  return place;
}

/** Takes the event that a turn was started, whose payload goes on here. False where it is an odd one. */
export function startTurn(): boolean {
  if (!skipByte(0x2c) || !readMembers() || !isId(turnAt, turnLength)) return false;
  keepText(started, turnAt + 1, turnLength - 2);
  return true;
}

/** Takes the context of a turn, whose payload begins here. False where it is an odd one, or of another model. */
export function announceTurn(): boolean {
  if (!readMembers() || !isId(turnAt, turnLength) || modelLength === 0 || modelValueLength < 2) return false;
  if (!isSame(modelValueAt + 1, modelValueLength - 2, model, modelLength) || announcedCount === MOST_TURNS)
    return false;
  keepText(announced + <usize>announcedCount * ID_BYTES, turnAt + 1, turnLength - 2);
  announcedCount++;
  return true;
}

/** Goes on with another turn, if it is the one that was announced last. */
export function changeTurn(turn: usize, length: i32, root: usize, rootLength: i32): boolean {
  if (announcedCount === 0 || listEnd + LONGEST_PAIR > list + LIST_BYTES || !isPlain(root, rootLength)) return false;
  const last = announced + <usize>(announcedCount - 1) * ID_BYTES;
  if (!isKept(last, turn, length)) return false;
  store<u32>(listEnd, 0x22_5b_2c); // ,["
  listEnd += 3;
  put(turn, length);
  store<u32>(listEnd, 0x22_2c_22); // ","
  listEnd += 3;
  put(root, rootLength);
  store<u16>(listEnd, 0x5d_22); // "]
  listEnd += 2;
  listed++;
  place = nextPlace++;
  return true;
}

function put(start: usize, length: i32): void {
  memory.copy(listEnd, start, <usize>length);
  listEnd += <usize>length;
}

/** A text in quotes that is the same without them. */
function isId(value: usize, length: i32): boolean {
  return length > 2 && length - 2 <= LONGEST_ID && load<u8>(value) === 0x22 && isPlain(value + 1, length - 2);
}

/** The values that `readMembers` has found, the last of each name; 0 where there was none. */
let turnAt: usize = 0;
let turnLength: i32 = 0;
let modelValueAt: usize = 0;
let modelValueLength: i32 = 0;

/** Reads the members of a payload, and the end of the line behind it. False where any of it is odd. */
function readMembers(): boolean {
  turnAt = 0;
  turnLength = 0;
  modelValueAt = 0;
  modelValueLength = 0;
  do {
    const name = here() + 1;
    const nameLength = skipName();
    const value = here();
    if (nameLength < 0 || !skipValue(1)) return false;
    const length = <i32>(here() - value);
    if (isText(name, nameLength, 'turn_id')) {
      turnAt = value;
      turnLength = length;
    } else if (isText(name, nameLength, 'model')) {
      modelValueAt = value;
      modelValueLength = length;
    } else if (isText(name, nameLength, 'type')) return false;
  } while (skipByte(0x2c));
  return skipByte(0x7d) && skipByte(0x7d) && isAtEnd();
}
