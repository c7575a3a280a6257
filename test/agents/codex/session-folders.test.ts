import { closeSync, mkdirSync, openSync, rmSync, utimesSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { SessionFolders } from '../../../src/agents/codex/session-folders.js';
import { createFolder } from '../../store/samples.js';

let folder: string;
beforeEach(() => {
  folder = createFolder();
});

const nameOf = (n: number) =>
  `rollout-2026-01-01T00-00-00-01a20104-0178-7510-a5e1-${String(n).padStart(12, '0')}.jsonl`;

function fill(from: number, to: number): void {
  for (let n = from; n < to; n++) closeSync(openSync(join(folder, nameOf(n)), 'w'));
}

describe('the session files of a folder', () => {
  test('are new where they were not there at first, also where the folder was not', async () => {
    const later = join(folder, 'later');
    fill(0, 2);
    const folders = new SessionFolders();
    await folders.begin([folder, later]);
    fill(2, 3);
    mkdirSync(later);
    expect([0, 1, 2].map((n) => folders.isNew(join(folder, nameOf(n))))).toEqual([false, false, true]);
    expect(folders.isNew(join(later, nameOf(9)))).toBe(true);
    expect(folders.isNew(join('/elsewhere', nameOf(9)))).toBe(false);
  });

  test('count all where they are few', async () => {
    fill(0, 3);
    const folders = new SessionFolders();
    await folders.begin([folder]);
    fill(3, 4);
    expect((await folders.list(folder, true)).map((path) => basename(path)).sort()).toEqual([0, 1, 2, 3].map(nameOf));
  });

  test('count where they are very many only when the file system reports them, or the folder has changed', async () => {
    fill(0, 2500);
    const folders = new SessionFolders();
    await folders.begin([folder]);
    fill(2500, 2501);
    expect(await folders.list(folder, true)).toEqual([]);
    expect([nameOf(2500), nameOf(7), nameOf(8), 'notes.txt'].map((name) => folders.noteChange(folder, name))).toEqual([
      ...[true, true, true, false],
    ]);
    rmSync(join(folder, nameOf(8)));
    expect(folders.noteChange(folder, nameOf(8))).toBe(false);
    const list = async (isWatched: boolean) => (await folders.list(folder, isWatched)).map((path) => basename(path));
    expect(await list(true)).toEqual([nameOf(2500), nameOf(7)]);
    // Where changes are not reported, the folder is listed anew once it has changed.
    fill(2501, 2502);
    utimesSync(folder, new Date(), new Date(Date.now() + 1000));
    expect(await list(true)).toEqual([nameOf(2500), nameOf(7)]);
    expect(await list(false)).toEqual([nameOf(2500), nameOf(7), nameOf(2501)]);
  });
});
