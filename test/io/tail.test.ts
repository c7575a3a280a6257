import {
  appendFileSync,
  closeSync,
  openSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createTail } from '../../src/io/tail.js';
import { createFolder } from '../store/samples.js';

function follow(path: string) {
  const chunks: Buffer[] = [];
  const tail = createTail(path, () => ({
    push: (chunk) => void chunks.push(Buffer.from(chunk)),
    end: () => undefined,
  }));
  onTestFinished(() => tail.close());
  return { tail, read: () => Buffer.concat(chunks).toString() };
}

describe('a tail', () => {
  test('reads what is there and then what is added, once each', async () => {
    const path = join(createFolder(), 'file');
    writeFileSync(path, 'one ');
    const { tail, read } = follow(path);
    await tail.readMore();
    expect(read()).toBe('one ');
    appendFileSync(path, 'two ');
    await tail.readMore();
    await tail.readMore();
    expect(read()).toBe('one two ');
  });

  test('reads a file of several chunks in order', async () => {
    const path = join(createFolder(), 'file');
    const text = Array.from({ length: 100_000 }, (_, index) => `${index}\n`).join('');
    writeFileSync(path, text);
    const { tail, read } = follow(path);
    await tail.readMore();
    expect(read()).toBe(text);
  });

  test('that is asked many times at once reads everything once', async () => {
    const path = join(createFolder(), 'file');
    writeFileSync(path, '');
    const { tail, read } = follow(path);
    const readings: Promise<void>[] = [];
    for (let index = 0; index < 200; index++) {
      appendFileSync(path, `${index} `);
      readings.push(tail.readMore(), tail.readMore());
      // Between the steps of a reading, too.
      if (index % 3 === 0) await Promise.resolve();
      if (index % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(readings);
    expect(read()).toBe(Array.from({ length: 200 }, (_, index) => `${index} `).join(''));
  });

  test('that is asked when a reading ends has all that was there when it was asked', async () => {
    const path = join(createFolder(), 'file');
    writeFileSync(path, '');
    const { tail, read } = follow(path);
    let expected = '';
    for (let index = 0; index < 50; index++) {
      const before = tail.readMore();
      const joined = before.then(() => {
        expected += `${index} `;
        appendFileSync(path, `${index} `);
        return tail.readMore();
      });
      await joined;
      expect(read()).toBe(expected);
    }
  });

  test('reads a file that was cut off from its beginning', async () => {
    const path = join(createFolder(), 'file');
    writeFileSync(path, 'a long beginning, ');
    const { tail, read } = follow(path);
    await tail.readMore();
    truncateSync(path);
    appendFileSync(path, 'anew');
    await tail.readMore();
    expect(read()).toBe('a long beginning, anew');
  });

  test('reads a file that replaces another, and reads the other on', async () => {
    const folder = createFolder();
    const path = join(folder, 'file');
    const first = openSync(path, 'a');
    writeSync(first, 'one ');
    const { tail, read } = follow(path);
    await tail.readMore();
    writeFileSync(join(folder, 'other'), 'two ');
    renameSync(join(folder, 'other'), path);
    await tail.readMore();
    writeSync(first, 'three ');
    await tail.readMore();
    rmSync(path);
    writeSync(first, 'four');
    await tail.readMore();
    closeSync(first);
    expect(read()).toBe('one two three four');
  });

  test('of a file that cannot be read says so at each reading, and closes all the same', async () => {
    const { tail } = follow(join(createFolder(), 'nothing-here'));
    await expect(tail.readMore()).rejects.toThrow('ENOENT');
    await expect(tail.readMore()).rejects.toThrow('ENOENT');
  });
});
