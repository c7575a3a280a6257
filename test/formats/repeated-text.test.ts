import { expect, it } from 'vitest';
import { RepeatedText } from '../../src/formats/repeated-text.js';

it('a text that repeats is the one that stands in the bytes, each time', () => {
  const texts = ['', 'turn-1', 'turn-1', 'turn-2', 'xurn-2', 'turn-22', 'größer', 'größer', 'turn-1', ''];
  const repeated = new RepeatedText();
  // One buffer for all of them, as a file is read.
  const bytes = Buffer.alloc(64);
  const read = texts.map((text, index) => {
    const length = bytes.write(text, index);
    return repeated.read(bytes, index, index + length);
  });
  expect(read).toEqual(texts);
});
