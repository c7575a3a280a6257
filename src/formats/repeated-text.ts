import { type ByteCursor, ByteText } from './byte-cursor.js';

/** Makes a string of the bytes up to a quote, and does so once as long as they stay the same. */
export class RepeatedText {
  #known = new ByteText('none"');
  #text = '';

  /** Reads up to the next quote, and steps over it; undefined where nothing stands before it, or more than `most` bytes. */
  read(cursor: ByteCursor, bytes: Buffer, most: number): string | undefined {
    if (this.#text !== '' && cursor.skip(this.#known)) return this.#text;
    const start = cursor.at;
    const length = cursor.toQuote(most);
    if (length <= 0) return undefined;
    const text = bytes.toString('utf8', start, start + length);
    cursor.at++;
    // Shorter ones are not worth to be known.
    if (length >= SHORTEST) {
      this.#text = text;
      this.#known = new ByteText(bytes.subarray(start, cursor.at));
    }
    return text;
  }
}

const SHORTEST = 3;

/** Steps over the rest of a line, and looks what stands there only where it is not what stood there before. */
export class RepeatedEnd {
  #known: ByteText | undefined;

  /** False where `skipAnew`, which goes to the end of what it can make sense of, does not reach the end of the line. */
  skip(cursor: ByteCursor, bytes: Buffer, skipAnew: () => boolean): boolean {
    const start = cursor.at;
    if (this.#known && cursor.skip(this.#known)) {
      if (cursor.isAtEnd) return true;
      cursor.at = start;
    }
    if (!skipAnew()) return false;
    this.#known = cursor.at - start < LONGEST_END ? new ByteText(bytes.subarray(start, cursor.at)) : undefined;
    return true;
  }
}

const LONGEST_END = 1000;
