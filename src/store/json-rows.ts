const ZERO = 0x30;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPENING = 0x5b;
const CLOSING = 0x5d;
const PLAIN = /^[\w:/.-]*$/;
/** Of a number and the comma before it. */
const LONGEST_NUMBER = 26;
const LARGEST_WORD = 0x7fff_ffff;
const MILLIARD = 1_000_000_000;

/** The numbers of a row; `undefined` becomes null. */
export type Numbers = readonly (number | undefined)[];

/**
 * Writes a JSON list of rows, byte by byte: text that grows by concatenation is copied when it is used, and all its pieces live
 * until then. V8 calls a private method slower than a function, so the functions below get the bytes.
 */
export class JsonRows {
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #at = 0;

  /** Adds a row: a text, and numbers after it. */
  add(text: string, numbers: Numbers): void {
    const isPlain = PLAIN.test(text);
    const json = isPlain ? text : JSON.stringify(text).slice(1, -1);
    this.#reserve(json.length * 3 + numbers.length * LONGEST_NUMBER + 6);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at] = at === 0 ? OPENING : COMMA;
    bytes[at + 1] = OPENING;
    bytes[at + 2] = QUOTE;
    at += 3 + bytes.write(json, at + 3, isPlain ? 'latin1' : 'utf8');
    bytes[at++] = QUOTE;
    for (let index = 0; index < numbers.length; index++) {
      bytes[at++] = COMMA;
      at = putNumber(bytes, at, numbers[index]);
    }
    bytes[at] = CLOSING;
    this.#at = at + 1;
  }

  /** Returns what was written, as UTF-8, and begins anew. */
  take(): Uint8Array {
    const rows = this.#at === 0 ? '[]' : this.#bytes.subarray(0, this.#at);
    this.#at = 0;
    return typeof rows === 'string' ? Buffer.from(rows) : Buffer.concat([rows, Buffer.from(']')]);
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    this.#bytes = Buffer.concat([this.#bytes], (this.#at + bytes) * 2);
  }
}

/** Writes a number at `at`. Returns the place after it. */
function putNumber(bytes: Buffer, at: number, value: number | undefined): number {
  if (value === undefined || !Number.isSafeInteger(value) || value < 0) {
    return at + bytes.write(JSON.stringify(value ?? null), at, 'latin1');
  }
  if (value <= LARGEST_WORD) return putDigits(bytes, at, value, countDigits(value));
  const high = Math.floor(value / MILLIARD);
  return putDigits(bytes, putNumber(bytes, at, high), value - high * MILLIARD, 9);
}

function putDigits(bytes: Buffer, at: number, value: number, digits: number): number {
  let rest = value | 0;
  for (let index = at + digits - 1; index >= at; index--) {
    const tens = (rest / 10) | 0;
    bytes[index] = ZERO + rest - tens * 10;
    rest = tens;
  }
  return at + digits;
}

function countDigits(value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  return digits;
}
