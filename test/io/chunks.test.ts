import { describe, expect, test } from 'vitest';
import { type ReadInto, readChunks } from '../../src/io/chunks.js';

/** Gives at most `step` bytes at a time. */
function reading(text: string, step: number): ReadInto {
  let rest = Buffer.from(text);
  return (target, offset) => {
    const bytesRead = rest.copy(target, offset, 0, step);
    rest = rest.subarray(bytesRead);
    return bytesRead;
  };
}

describe('chunks', () => {
  const text = `short\n${'a line that is longer than the buffer '.repeat(3)}\n\nthe next\nlast without newline`;

  test.each([1, 7, 1000])('have all bytes in their order, where %d are read at a time', (step) => {
    expect(Array.from(readChunks(reading(text, step), Buffer.alloc(40)), String).join('')).toBe(text);
  });

  test('end with a line that fits', () => {
    const chunks = Array.from(readChunks(reading('one\ntwo\nthree\nfour\n', 1000), Buffer.alloc(10)), String);
    expect(chunks).toEqual(['one\ntwo\n', 'three\n', 'four\n']);
  });
});
