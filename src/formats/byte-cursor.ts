const QUOTE = 0x22;
const OPENING = 0x7b;
const CLOSING = 0x7d;
const ZERO = 0x30;
const NINE = 0x39;
const WORD_BYTES = 4;
/** A whole number of more digits may not be exact. */
const MOST_DIGITS = 15;

/** A text of four bytes or more, made ready to be compared with what stands somewhere, four bytes at a time. */
export class ByteText {
  readonly length: number;
  /** The last one ends where the text does, so it may repeat some of the one before it. */
  readonly words: Int32Array;

  constructor(text: string | Buffer) {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text;
    const { length } = bytes;
    const words = new Int32Array(Math.ceil(length / WORD_BYTES));
    for (let index = 0; index < words.length; index++) {
      words[index] = bytes.readInt32LE(Math.min(index * WORD_BYTES, length - WORD_BYTES));
    }
    this.length = length;
    this.words = words;
  }
}

/** Walks over ASCII bytes whose form is known, without making strings of them. */
export class ByteCursor {
  #bytes: Uint8Array = new Uint8Array();
  #view = new DataView(this.#bytes.buffer);
  #end = 0;
  at = 0;

  /** Stands at `start` from now on, and goes no further than `end`. */
  place(bytes: Uint8Array, start: number, end: number): void {
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.#end = end;
    this.at = start;
  }

  /** Steps over `text`, if that is what stands here. */
  skip({ length, words }: ByteText): boolean {
    const { at } = this;
    const end = at + length;
    if (end > this.#end) return false;
    const view = this.#view;
    const last = words.length - 1;
    for (let index = 0; index < last; index++) {
      if (view.getInt32(at + index * WORD_BYTES, true) !== words[index]) return false;
    }
    if (view.getInt32(end - WORD_BYTES, true) !== words[last]) return false;
    this.at = end;
    return true;
  }

  /** The same for one byte. */
  skipByte(byte: number): boolean {
    const { at } = this;
    if (at >= this.#end || this.#bytes[at] !== byte) return false;
    this.at = at + 1;
    return true;
  }

  /** What stands here; undefined at the end. */
  peek(): number | undefined {
    return this.at < this.#end ? this.#bytes[this.at] : undefined;
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
