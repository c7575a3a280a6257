import { describe, expect, test } from 'vitest';
import { createLineSplitter, type LineHandlers } from '../../src/io/lines.js';

/** The lines of `chunks`, in order. */
function split(chunks: readonly (Buffer | string)[], handlers: Omit<LineHandlers, 'onLine'> = {}, limitBytes?: number) {
  const lines: string[] = [];
  const splitter = createLineSplitter({ ...handlers, onLine: (line) => lines.push(line) }, limitBytes);
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return lines;
}

describe('lines', () => {
  const text = 'first\n\ngrüße 🙂\n{"a":"a line of more than sixteen bytes"}\n\r\nlast without newline';
  const expected = ['first', 'grüße 🙂', '{"a":"a line of more than sixteen bytes"}', '\r', 'last without newline'];

  test('are the same wherever a chunk ends', () => {
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(split([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(expected);
    }
  });

  test('are the same byte for byte', () => {
    expect(split([...Buffer.from(text)].map((byte) => Buffer.from([byte])))).toEqual(expected);
  });

  test('that nobody wants are not handed over, wherever a chunk ends', () => {
    const bytes = Buffer.from('{"type":"item.completed","text":"x"}\n{"type":"turn.started"}\nshort\n{"type":"item.');
    const wants = (head: Buffer) => !head.toString().startsWith('{"type":"item.');
    for (let cut = 0; cut <= bytes.length; cut++) {
      const lines = split([bytes.subarray(0, cut), bytes.subarray(cut)], { wants });
      expect(lines).toEqual(['{"type":"turn.started"}', 'short']);
    }
  });

  test('are judged by at least eighty bytes, or by all of them', () => {
    const heads: number[] = [];
    const wants = (head: Buffer) => heads.push(head.length) > 0;
    split(
      [...Buffer.from(`${'a line of a hundred bytes'.repeat(4)}\ntiny\n`)].map((byte) => Buffer.from([byte])),
      { wants },
    );
    expect(heads.filter((length) => length < 80)).toEqual([4]);
  });

  test('that are too long are dropped and told of, once each, and the next ones are not', () => {
    let overlong = 0;
    const chunks = ['x'.repeat(60), 'x'.repeat(60), 'x'.repeat(60), '\nnext\n', 'y'.repeat(101), '\nlast'];
    expect(split(chunks, { onOverlong: () => overlong++ }, 100)).toEqual(['next', 'last']);
    expect(overlong).toBe(2);
  });

  test('of many pieces are put together once', () => {
    let bytesShown = 0;
    const wants = (head: Buffer) => {
      bytesShown += head.length;
      return true;
    };
    const pieces = ['{', ...Array.from({ length: 1000 }, () => 'x'.repeat(1000)), '\n'];
    expect(split(pieces, { wants })[0]).toHaveLength(1_000_001);
    expect(bytesShown).toBeLessThan(2_100_000);
  });

  test('of invalid UTF-8 are lines all the same', () => {
    expect(split([Buffer.from([0xff, 0xfe, 0x0a, 0x00, 0x0a, 0xc3])])).toHaveLength(3);
  });
});
