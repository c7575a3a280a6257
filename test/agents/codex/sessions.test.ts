import { appendFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  dayFolders,
  findHistoryBase,
  findThreadFiles,
  listSessionFiles,
  readHeader,
} from '../../../src/agents/codex/sessions.js';
import { createFolder } from '../../store/samples.js';

const THREAD = '01a20131-e459-7d31-8cdb-60b6966c8fdd';
const OTHER = '01a20131-e7b6-7e53-84b1-4e0e7d463c2f';

/** A session file of `thread` in `folder`, which is made for it. */
function place(folder: string, thread: string, page?: string, time = '2026-11-21T05-06-07'): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `rollout-${time}-${thread}${page ? `_${page}` : ''}.jsonl`);
  writeFileSync(path, '{}\n');
  return path;
}

describe('the folders of a day', () => {
  const daysAround = (...date: [number, number, number]) =>
    dayFolders('/home', new Date(...date, 12).getTime()).map((folder) => folder.slice('/home/sessions/'.length));

  test('are those of the day before and after too', () => {
    expect(daysAround(2026, 2, 4)).toEqual(['2026/03/03', '2026/03/04', '2026/03/05']);
  });

  test('cross the ends of months and years', () => {
    expect(daysAround(2026, 11, 31)).toEqual(['2026/12/30', '2026/12/31', '2027/01/01']);
    expect(daysAround(2026, 0, 1)).toEqual(['2025/12/31', '2026/01/01', '2026/01/02']);
    expect(daysAround(2028, 1, 29)).toEqual(['2028/02/28', '2028/02/29', '2028/03/01']);
  });
});

describe('a session file', () => {
  test('is found by its thread wherever it is, also where Codex never put it', async () => {
    const places = ['archived_sessions', 'sessions/2024/12/31', 'sessions/2026/11/21'];
    for (const folder of places) {
      const home = createFolder();
      place(join(home, 'sessions/2026/11/21'), OTHER);
      expect(await findThreadFiles(home, THREAD)).toEqual([]);
      const path = place(join(home, folder), THREAD);
      expect(await findThreadFiles(home, THREAD)).toEqual([path]);
    }
  });

  test('is one of several where its thread was taken back, the newest page first', async () => {
    const home = createFolder();
    const [older, newer] = ['01a22248-1f85-7780-a5a6-3760c57e21fd', '01a2224b-adab-7722-bcb9-eaf934e23cf1'];
    const first = place(join(home, 'sessions/2026/11/21'), THREAD);
    const third = place(join(home, 'sessions/2026/11/28'), THREAD, newer);
    const second = place(join(home, 'archived_sessions'), THREAD, older);
    expect(await findThreadFiles(home, THREAD)).toEqual([third, second, first]);
    expect(await findHistoryBase(home, THREAD)).toBe(first);
    expect(await findHistoryBase(home, older)).toBe(second);
    expect(await findHistoryBase(home, OTHER)).toBeUndefined();
  });

  test('is found below a home that is a link', async () => {
    const home = join(createFolder(), 'home');
    const path = place(join(home, 'sessions/2026/11/21'), THREAD);
    symlinkSync(home, `${home}-link`);
    expect(await findThreadFiles(`${home}-link`, THREAD)).toEqual([join(`${home}-link`, path.slice(home.length))]);
  });

  test('is not looked for where there is no home', async () => {
    expect(await findThreadFiles(join(createFolder(), 'none'), THREAD)).toEqual([]);
  });

  test('has a name of its own kind', async () => {
    const folder = createFolder();
    const path = place(folder, THREAD);
    for (const name of ['rollout-x.jsonl', `${THREAD}.jsonl`, `${basename(path)}.tmp`, 'notes.txt']) {
      writeFileSync(join(folder, name), '');
    }
    expect(await listSessionFiles(folder)).toEqual([path]);
    expect(await listSessionFiles(join(folder, 'none'))).toEqual([]);
  });
});

describe('the header of a session file', () => {
  test('is its first line, however long, once it is whole', async () => {
    const path = place(createFolder(), THREAD);
    for (const length of [10, 64 * 1024 - 1, 64 * 1024, 300_000]) {
      const header = 'x'.repeat(length);
      writeFileSync(path, header);
      expect(await readHeader(path)).toBeUndefined();
      appendFileSync(path, '\nmore\n');
      expect((await readHeader(path))?.length).toBe(length);
    }
  });

  test('is none where there is no file, or a folder', async () => {
    const path = place(createFolder(), THREAD);
    expect(await readHeader(`${path}-none`)).toBeUndefined();
    await expect(readHeader(dirname(path)).catch(() => undefined)).resolves.toBeUndefined();
  });
});
