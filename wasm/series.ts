/*
 * A series: responses of one session that differ in nothing but their turns, ids, times and counts, each a usage
 * record and then the total that it adds up to. They are counted, priced and written down here, by the million, where
 * src/formats/codex-thread.ts, src/pricing/cost.ts and src/store/pack.ts would do just the same. Whatever is different in
 * any way ends the series, and is theirs. src/formats/rollout-series.ts is the other side: it opens a series and says what
 * lies where.
 */
import { KEY, TIME, USAGE } from './entry';
import { rememberKey } from './response-keys';
import { currentTurn, openTurns } from './series-turns';
import { isPlain } from './texts';

/** What the other side says and, of the first two, is told in the end, each a double or five of them. */
const terms: usize = memory.data(8 * 21, 16);
const TOTAL: usize = 0;
const RECORDED: usize = 40;
const FROM_MS: usize = 80;
const UNTIL_MS: usize = 88;
const ABOVE_INPUT: usize = 96;
const UP_TO_INPUT: usize = 104;
const IS_PRICED: usize = 112;
const INPUT_RATE: usize = 120;
const CACHED_INPUT_RATE: usize = 128;
const CACHE_WRITE_RATE: usize = 136;
const OUTPUT_RATE: usize = 144;
/** The largest count that one response can have, and the largest cost. */
const MOST_TOKENS: usize = 152;
const MOST_COST: usize = 160;

/** What responses come to in a quarter of an hour, each a double: its start, responses, five counts, cost, first and last time. */
const sums: usize = memory.data(80 * 32, 16);
const SUM_BYTES: usize = 80;
const MOST_SUMS: i32 = 32;
const BUCKET_MS: f64 = 900_000;

/** A list of lists in JSON, each with a comma before it. */
const rows: usize = memory.data(65_536, 16);
const ROWS_BYTES: usize = 65_536;
/** A key, ten numbers of at most 16 digits, and what stands between them. */
const LONGEST_ROW: usize = 320;

let isOpen: boolean = false;
/** Of the responses, in the list of the pack. */
let kindPlace: u32 = 0;
let rowsEnd: usize = rows;
let sumCount: i32 = 0;

export function termsAt(): usize {
  return terms;
}

export function sumsAt(): usize {
  return sums;
}

export function rowsAt(): usize {
  return rows;
}

export function rowsLength(): usize {
  return rowsEnd - rows;
}

export function countSums(): i32 {
  return sumCount;
}

/**
 * Begins a series, whose terms and model have been written, behind a response of the kind that stands at `kind`, and of the
 * turn that stands at `turn` in a list of `turns`.
 */
export function openSeries(kind: u32, turn: u32, turns: u32, modelLength: i32): void {
  isOpen = true;
  kindPlace = kind;
  rowsEnd = rows;
  sumCount = 0;
  openTurns(turn, turns, modelLength);
}

export function closeSeries(): void {
  isOpen = false;
}

export function isSeriesOpen(): boolean {
  return isOpen;
}

/** Takes a response into the series. False where it does not belong there. */
export function addResponse(entry: usize): boolean {
  const key = <usize>load<u32>(entry, KEY);
  const keyLength = load<i32>(entry, KEY + 4);
  const atMs = load<f64>(entry, TIME);
  const input = load<i32>(entry, USAGE);
  const cachedInput = load<i32>(entry, USAGE + 4);
  const cacheWrite = load<i32>(entry, USAGE + 8);
  const output = load<i32>(entry, USAGE + 12);
  if (cachedInput > input || cacheWrite > input - cachedInput) return false;
  if (<f64>input <= load<f64>(terms, ABOVE_INPUT) || <f64>input > load<f64>(terms, UP_TO_INPUT)) return false;
  if (atMs < load<f64>(terms, FROM_MS) || atMs >= load<f64>(terms, UNTIL_MS)) return false;
  if (rowsEnd + LONGEST_ROW > rows + ROWS_BYTES || !isPlain(key, keyLength)) return false;
  if (!isPossible(entry)) return false;
  const cost = priceOf(input, cachedInput, cacheWrite, output);
  // A price out of all reason makes more of it, or no number at all.
  if (!(cost <= load<f64>(terms, MOST_COST)) || !rememberKey(key, keyLength)) return false;
  const sum = findSum(atMs);
  if (sum === 0) return false;
  for (let place: usize = 0; place < 5; place++) {
    const count = <f64>load<i32>(entry + USAGE + (place << 2));
    increase(terms + RECORDED + (place << 3), count);
    increase(sum + 16 + (place << 3), count);
  }
  increase(sum + 8, 1);
  increase(sum + 56, cost);
  store<f64>(sum, Math.min(load<f64>(sum, 64), atMs), 64);
  store<f64>(sum, Math.max(load<f64>(sum, 72), atMs), 72);
  writeRow(entry, key, keyLength, atMs, cost);
  return true;
}

/** Takes a total that the responses since the one before add up to. False where they do not, or where there are none. */
export function settleTotal(entry: usize): boolean {
  let recorded: f64 = 0;
  for (let place: usize = 0; place < 5; place++) {
    const own = load<f64>(terms + RECORDED + (place << 3));
    const total = <f64>load<i32>(entry + USAGE + (place << 2));
    if (total !== load<f64>(terms + TOTAL + (place << 3)) + own) return false;
    recorded += own;
  }
  if (recorded === 0) return false;
  for (let place: usize = 0; place < 5; place++) {
    store<f64>(terms + TOTAL + (place << 3), <f64>load<i32>(entry + USAGE + (place << 2)));
    store<f64>(terms + RECORDED + (place << 3), 0);
  }
  return true;
}

function isPossible(entry: usize): boolean {
  const most = load<f64>(terms, MOST_TOKENS);
  for (let place: usize = 0; place < 5; place++) {
    if (<f64>load<i32>(entry + USAGE + (place << 2)) > most) return false;
  }
  return true;
}

function increase(place: usize, count: f64): void {
  store<f64>(place, load<f64>(place) + count);
}

/** The sum of the quarter of an hour of `atMs`, mostly the last one. 0 where there is no room for one more. */
function findSum(atMs: f64): usize {
  const startMs = Math.floor(atMs / BUCKET_MS) * BUCKET_MS;
  if (sumCount > 0) {
    const last = sums + <usize>(sumCount - 1) * SUM_BYTES;
    if (load<f64>(last) === startMs) return last;
  }
  if (sumCount === MOST_SUMS) return 0;
  const sum = sums + <usize>sumCount * SUM_BYTES;
  memory.fill(sum, 0, SUM_BYTES);
  store<f64>(sum, startMs);
  store<f64>(sum, Infinity, 64);
  store<f64>(sum, -Infinity, 72);
  sumCount++;
  return sum;
}

/** Whole nano-USD: what `costOf` in src/pricing/cost.ts says, in the same order, so that the same is rounded. */
function priceOf(input: i32, cachedInput: i32, cacheWrite: i32, output: i32): f64 {
  if (load<f64>(terms, IS_PRICED) === 0) return 0;
  const exact =
    <f64>(input - cachedInput - cacheWrite) * load<f64>(terms, INPUT_RATE) +
    <f64>cachedInput * load<f64>(terms, CACHED_INPUT_RATE) +
    <f64>cacheWrite * load<f64>(terms, CACHE_WRITE_RATE) +
    <f64>output * load<f64>(terms, OUTPUT_RATE);
  return Math.round(exact);
}

function writeRow(entry: usize, key: usize, keyLength: i32, atMs: f64, cost: f64): void {
  put(0x2c);
  put(0x5b);
  put(0x22);
  copy(key, <usize>keyLength);
  put(0x22);
  putAfterComma(<u64>currentTurn());
  putAfterComma(<u64>kindPlace);
  putAfterComma(<u64>atMs);
  for (let place: usize = 0; place < 3; place++) putAfterComma(<u64>load<u32>(entry + USAGE + (place << 2)));
  // Codex does not say what is kept for an hour.
  putAfterComma(0);
  putAfterComma(<u64>load<u32>(entry + USAGE + 12));
  putAfterComma(<u64>load<u32>(entry + USAGE + 16));
  if (load<f64>(terms, IS_PRICED) !== 0) putAfterComma(<u64>cost);
  else {
    store<u32>(rowsEnd, 0x6c75_6e2c); // ,nul
    store<u8>(rowsEnd, 0x6c, 4);
    rowsEnd += 5;
  }
  put(0x5d);
}

function put(byte: u8): void {
  store<u8>(rowsEnd++, byte);
}

function copy(start: usize, length: usize): void {
  memory.copy(rowsEnd, start, length);
  rowsEnd += length;
}

function putAfterComma(value: u64): void {
  put(0x2c);
  putNumber(value);
}

function putNumber(value: u64): void {
  let digits: usize = 1;
  for (let bound: u64 = 10; value >= bound; bound *= 10) digits++;
  let rest = value;
  for (let at = rowsEnd + digits; at > rowsEnd; ) {
    const tens = rest / 10;
    store<u8>(--at, <u8>(0x30 + (rest - tens * 10)));
    rest = tens;
  }
  rowsEnd += digits;
}
