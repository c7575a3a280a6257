const QUOTE = 0x22;
const OPENING = 0x7b;
const CLOSING = 0x7d;
const ZERO = 0x30;
const NINE = 0x39;
/** A whole number of more digits may not be exact. */
const MOST_DIGITS = 15;

/** Walks over ASCII bytes whose form is known, without making strings of them. */
export class ByteCursor {
  #bytes: Uint8Array = new Uint8Array();
  #end = 0;
  at = 0;

  /** Stands at `start` from now on, and goes no further than `end`. */
  place(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes;
    this.#end = end;
    this.at = start;
  }

  /** Steps over `text`, if that is what stands here. */
  skip(text: Uint8Array): boolean {
    const { at } = this;
    const bytes = this.#bytes;
    const { length } = text;
    if (at + length > this.#end) return false;
    for (let index = 0; index < length; index++) if (bytes[at + index] !== text[index]) return false;
    this.at = at + length;
    return true;
  }

  /** The whole number that stands here, or -1 when there is none that can be told exactly. */
  readNumber(): number {
    const bytes = this.#bytes;
    const start = this.at;
    const end = Math.min(this.#end, start + MOST_DIGITS + 1);
    let value = 0;
    let at = start;
    for (let byte = bytes[at] as number; at < end && byte >= ZERO && byte <= NINE; byte = bytes[at] as number) {
      value = value * 10 + byte - ZERO;
      at++;
    }
    this.at = at;
    const isPadded = bytes[start] === ZERO && at - start > 1;
    return at === start || at - start > MOST_DIGITS || isPadded ? -1 : value;
  }

  /** Goes to the next quote. Returns how many bytes were passed over, or -1 when there is none within `most`. */
  toQuote(most: number): number {
    const bytes = this.#bytes;
    const start = this.at;
    const end = Math.min(this.#end, start + most);
    let at = start;
    while (at < end && bytes[at] !== QUOTE) at++;
    this.at = at;
    return at < end ? at - start : -1;
  }

  /** Goes to the next `byte`. */
  toByte(byte: number): boolean {
    const bytes = this.#bytes;
    let { at } = this;
    while (at < this.#end && bytes[at] !== byte) at++;
    this.at = at;
    return at < this.#end;
  }

  /** Steps over what stands in braces here, braces in it included, where its texts hold none. */
  skipBraces(): boolean {
    const bytes = this.#bytes;
    let depth = 0;
    for (let { at } = this; at < this.#end; at++) {
      if (bytes[at] === OPENING) depth++;
      else if (bytes[at] === CLOSING) depth--;
      if (depth > 0) continue;
      this.at = at + 1;
      return bytes[at] === CLOSING;
    }
    return false;
  }

  get isAtEnd(): boolean {
    return this.at === this.#end;
  }
}
