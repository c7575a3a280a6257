/** Makes a string of bytes, and does so once as long as they stay the same. */
export class RepeatedText {
  #bytes = new Uint8Array();
  #text = '';

  read(bytes: Buffer, start: number, end: number): string {
    if (!this.#isSame(bytes, start, end)) {
      this.#bytes = new Uint8Array(bytes.subarray(start, end));
      this.#text = bytes.toString('utf8', start, end);
    }
    return this.#text;
  }

  #isSame(bytes: Buffer, start: number, end: number): boolean {
    const known = this.#bytes;
    const length = end - start;
    if (known.length !== length) return false;
    // Ids made one after the other begin alike.
    for (let index = length - 1; index >= 0; index--) if (known[index] !== bytes[start + index]) return false;
    return true;
  }
}
