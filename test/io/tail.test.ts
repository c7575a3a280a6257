import * as fs from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createTail } from '../../src/io/tail.js';
import { createFolder } from '../store/samples.js';

/** Follows a file that has `text`; undefined: there is none. */
function follow(text: string | undefined) {
  const path = join(createFolder(), 'file');
  if (text !== undefined) fs.writeFileSync(path, text);
  const chunks: Buffer[] = [];
  const tail = createTail(path, () => ({
    push: (chunk) => void chunks.push(Buffer.from(chunk)),
    end: () => undefined,
  }));
  onTestFinished(() => tail.close());
  return { path, tail, read: () => Buffer.concat(chunks).toString() };
}

describe('a tail', () => {
  test('reads what is there and then what is added, once each', async () => {
    const { path, tail, read } = follow('one ');
    await tail.readMore();
    expect(read()).toBe('one ');
    fs.appendFileSync(path, 'two ');
    await tail.readMore();
    await tail.readMore();
    expect(read()).toBe('one two ');
  });

  test('reads a file of several chunks in order', async () => {
    const text = Array.from({ length: 100_000 }, (_, index) => `${index}\n`).join('');
    const { tail, read } = follow(text);
    await tail.readMore();
    expect(read()).toBe(text);
  });

  test('that is asked many times at once reads everything once', async () => {
    const { path, tail, read } = follow('');
    const readings: Promise<void>[] = [];
    for (let index = 0; index < 200; index++) {
      fs.appendFileSync(path, `${index} `);
      readings.push(tail.readMore(), tail.readMore());
      // Between the steps of a reading, too.
      if (index % 3 === 0) await Promise.resolve();
      if (index % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(readings);
    expect(read()).toBe(Array.from({ length: 200 }, (_, index) => `${index} `).join(''));
  });

  test('that is asked when a reading ends has all that was there when it was asked', async () => {
    const { path, tail, read } = follow('');
    let expected = '';
    for (let index = 0; index < 50; index++) {
      await tail.readMore().then(() => {
        expected += `${index} `;
        fs.appendFileSync(path, `${index} `);
        return tail.readMore();
      });
      expect(read()).toBe(expected);
    }
  });

  test('reads a file that was cut off from its beginning', async () => {
    const { path, tail, read } = follow('a long beginning, ');
    await tail.readMore();
    fs.truncateSync(path);
    fs.appendFileSync(path, 'anew');
    await tail.readMore();
    expect(read()).toBe('a long beginning, anew');
  });

  test('reads a file that replaces another, and reads the other on', async () => {
    const { path, tail, read } = follow('one ');
    const first = fs.openSync(path, 'a');
    await tail.readMore();
    fs.writeFileSync(`${path}-2`, 'two ');
    fs.renameSync(`${path}-2`, path);
    await tail.readMore();
    fs.writeSync(first, 'three ');
    await tail.readMore();
    fs.rmSync(path);
    fs.writeSync(first, 'four');
    await tail.readMore();
    fs.closeSync(first);
    expect(read()).toBe('one two three four');
  });

  test('of a file that cannot be read says so at each reading, and closes all the same', async () => {
    const { tail } = follow(undefined);
    for (const _ of [1, 2]) await expect(tail.readMore()).rejects.toThrow('ENOENT');
  });
});
