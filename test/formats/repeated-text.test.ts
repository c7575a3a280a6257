import { expect, it } from 'vitest';
import { ByteCursor } from '../../src/formats/byte-cursor.js';
import { RepeatedText } from '../../src/formats/repeated-text.js';

it('a text that repeats is the one that stands in the bytes, each time, and the cursor stands behind its quote', () => {
  const texts = ['turn-1', 'turn-1', 'turn-2', 'xurn-2', 'turn-22', 't', 'tu', 't', 'größer', 'größer', 'turn-1'];
  const repeated = new RepeatedText();
  const cursor = new ByteCursor();
  // One buffer for all of them, as a file is read.
  const bytes = Buffer.alloc(64);
  const read = texts.map((text, index) => {
    const length = bytes.write(`${text}",`, index);
    cursor.place(bytes, index, index + length);
    return [repeated.read(cursor, bytes, 20), cursor.at - index];
  });
  expect(read).toEqual(texts.map((text) => [text, Buffer.byteLength(text) + 1]));
});

it.each(['"', 'turn-1', 'a text that is longer than may be"'])(
  'no text is read where none that is short enough ends: %s',
  (text) => {
    const cursor = new ByteCursor();
    const bytes = Buffer.from(text);
    cursor.place(bytes, 0, bytes.length);
    expect(new RepeatedText().read(cursor, bytes, 20)).toBeUndefined();
  },
);
