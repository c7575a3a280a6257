import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { countLines, createLineSplitter, type LineHandlers, type LineSplitter } from '../../src/io/lines.js';
import { createFolder } from '../store/samples.js';

/** The lines of `chunks`, in order. */
function split(chunks: readonly (Buffer | string)[], handlers: Omit<LineHandlers, 'onLine'> = {}, options = {}) {
  const lines: string[] = [];
  const splitter = createLineSplitter({ ...handlers, onLine: (line) => lines.push(line) }, options);
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return lines;
}

describe('lines', () => {
  const text = 'first\n\ngrüße 🙂\n{"a":"a line of more than sixteen bytes"}\n\r\nlast without newline';
  const expected = ['first', 'grüße 🙂', '{"a":"a line of more than sixteen bytes"}', 'last without newline'];

  /** The text in two chunks, in every way, and byte for byte. */
  const cut = (written: string): Buffer[][] => {
    const bytes = Buffer.from(written);
    const halves = Array.from({ length: bytes.length + 1 }, (_, at) => [bytes.subarray(0, at), bytes.subarray(at)]);
    return [...halves, [...bytes].map((byte) => Buffer.from([byte]))];
  };

  test('are the same wherever a chunk ends', () => {
    for (const chunks of cut(text)) expect(split(chunks)).toEqual(expected);
  });

  test('that nobody wants are not handed over, wherever a chunk ends', () => {
    const wants = (head: Buffer) => !head.toString().startsWith('{"type":"item.');
    const written = '{"type":"item.completed","text":"x"}\n{"type":"turn.started"}\nshort\n{"type":"item.';
    for (const chunks of cut(written).slice(0, -1)) {
      expect(split(chunks, { wants })).toEqual(['{"type":"turn.started"}', 'short']);
    }
  });

  test('are judged by at least 256 bytes, or by all of them', () => {
    const heads: number[] = [];
    const wants = (head: Buffer) => heads.push(head.length) > 0;
    split(cut(`${'a line of 300 bytes '.repeat(15)}\ntiny\n`).at(-1) ?? [], { wants });
    expect(heads).toEqual([256, 300, 4]);
  });

  test('that are too long are dropped and reported, once each, and the next ones are not', () => {
    let overlong = 0;
    const chunks = ['x'.repeat(60), 'x'.repeat(60), 'x'.repeat(60), '\nnext\n', 'y'.repeat(101), '\nlast'];
    expect(split(chunks, { onOverlong: () => overlong++ }, { limitBytes: 100 })).toEqual(['next', 'last']);
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

  test('have a number, whether or not anybody wants them, and where they are blank', () => {
    const numbers: number[] = [];
    const splitter = createLineSplitter({ wants: (line) => line[0] !== 0x78, onLine: (_line, n) => numbers.push(n) });
    splitter.push(Buffer.from('first\n\n  \r\nx\nfifth\nlast'));
    splitter.end();
    expect(numbers).toEqual([1, 5, 6]);
  });

  test('are one where the bytes are a document', () => {
    expect(split(['{\n', '"a": 1\n', '}\n'], {}, { isDocument: true })).toEqual(['{\n"a": 1\n}\n']);
  });
});

describe('what has come of a line that has not ended', () => {
  const begin = (text: string, { wanted = true } = {}): LineSplitter => {
    const splitter = createLineSplitter({ wants: () => wanted, onLine: () => undefined }, { limitBytes: 600 });
    splitter.push(Buffer.from(text));
    return splitter;
  };

  test('is there to be read on later, from where it begins', () => {
    const splitter = begin('größe\n{"cut');
    expect([splitter.endedBytes, String(splitter.rest())]).toEqual([8, '{"cut']);
    splitter.end();
    expect([splitter.endedBytes, splitter.rest()]).toEqual([13, Buffer.alloc(0)]);
  });

  test.each([
    ['nothing after a newline', begin('whole\n'), Buffer.alloc(0)],
    ['unwanted, however short', begin('whole\ncut', { wanted: false }), 'unwanted'],
    ['unwanted, and not held', begin('x'.repeat(300), { wanted: false }), 'unwanted'],
    ['longer than the limit, and not held', begin('x'.repeat(601)), 'overlong'],
  ])('is %s', (_what, splitter, rest) => expect(splitter.rest()).toEqual(rest));

  test('is not changed by what the caller puts into the chunk afterwards', () => {
    const lines: string[] = [];
    const splitter = createLineSplitter({ onLine: (line) => lines.push(line) });
    const chunk = Buffer.from('begin');
    splitter.push(chunk);
    chunk.fill('x');
    splitter.push(Buffer.from('ning\n'));
    expect(lines).toEqual(['beginning']);
  });
});

test('lines of a file are counted up to a byte of it', () => {
  const path = join(createFolder(), 'lines');
  writeFileSync(path, 'a\n\nb\n'.repeat(100_000));
  const fd = openSync(path, 'r');
  expect([0, 2, 3, 500_000, 1e9].map((offset) => countLines(fd, offset))).toEqual([0, 1, 2, 300_000, 300_000]);
  closeSync(fd);
});
