const ZERO = 0x30;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPENING = 0x5b;
const CLOSING = 0x5d;
const PLAIN = /^[\w:/.-]*$/;
const LONGEST_NUMBER = 20;
const LARGEST_WORD = 0x7fff_ffff;
const MILLIARD = 1_000_000_000;

/**
 * Writes a JSON list of lists, byte by byte: text that grows by concatenation is copied when it is used, and all its pieces
 * live until then.
 */
export class JsonRows {
  #bytes = Buffer.allocUnsafe(64 * 1024);
  #at = 0;

  /** Begins a row. */
  begin(): void {
    this.#reserve(2);
    this.#put(this.#at === 0 ? OPENING : COMMA);
    this.#put(OPENING);
  }

  text(value: string): void {
    const isPlain = PLAIN.test(value);
    const json = isPlain ? value : JSON.stringify(value).slice(1, -1);
    this.#reserve(json.length * 3 + 3);
    this.#put(QUOTE);
    this.#at += this.#bytes.write(json, this.#at, isPlain ? 'latin1' : 'utf8');
    this.#put(QUOTE);
    this.#put(COMMA);
  }

  /** `undefined` is null. */
  number(value: number | undefined): void {
    this.#reserve(LONGEST_NUMBER + 6);
    if (value !== undefined && Number.isSafeInteger(value) && value >= 0) this.#putInteger(value);
    else this.#at += this.#bytes.write(JSON.stringify(value ?? null), this.#at, 'latin1');
    this.#put(COMMA);
  }

  /** Ends a row. */
  end(): void {
    // It replaces the comma after the last value.
    this.#bytes[this.#at - 1] = CLOSING;
  }

  /** What was written, as UTF-8, and begins anew. */
  take(): Uint8Array {
    this.#reserve(2);
    if (this.#at === 0) this.#put(OPENING);
    this.#put(CLOSING);
    const json = Buffer.from(this.#bytes.subarray(0, this.#at));
    this.#at = 0;
    return json;
  }

  #putInteger(value: number): void {
    if (value <= LARGEST_WORD) this.#putDigits(value, countDigits(value));
    else {
      const high = Math.floor(value / MILLIARD);
      this.#putInteger(high);
      this.#putDigits(value - high * MILLIARD, 9);
    }
  }

  #putDigits(value: number, digits: number): void {
    const bytes = this.#bytes;
    const start = this.#at;
    let rest = value | 0;
    for (let at = start + digits - 1; at >= start; at--) {
      const tens = (rest / 10) | 0;
      bytes[at] = ZERO + rest - tens * 10;
      rest = tens;
    }
    this.#at = start + digits;
  }

  #put(byte: number): void {
    this.#bytes[this.#at++] = byte;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    this.#bytes = Buffer.concat([this.#bytes], (this.#at + bytes) * 2);
  }
}

function countDigits(value: number): number {
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  return digits;
}
