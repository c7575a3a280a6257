import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listOpenSessionFiles } from '../../../src/agents/codex/open-files.js';
import { createFolder } from '../../store/samples.js';

let folder: string;
const open: number[] = [];

beforeEach(() => {
  folder = createFolder();
});
afterEach(() => {
  for (const file of open.splice(0)) closeSync(file);
});

describe.runIf(process.platform === 'linux')('the session files that a process holds open', () => {
  test.for(['w', 'a', 'a+', 'r+'])('are those opened with %s', async (flags) => {
    const path = create('rollout-1.jsonl');
    open.push(openSync(path, flags));
    expect(await listOpenSessionFiles(process.pid)).toEqual([path]);
  });

  test('are not those that it only reads, and no files of another name', async () => {
    open.push(openSync(create('rollout-1.jsonl'), 'r'), openSync(join(folder, 'history.jsonl'), 'a'));
    expect(await listOpenSessionFiles(process.pid)).toEqual([]);
  });

  test('are none when it is gone', async () => {
    expect(await listOpenSessionFiles(2 ** 22 + 1)).toEqual([]);
  });
});

function create(name: string): string {
  const path = join(folder, name);
  closeSync(openSync(path, 'w'));
  return path;
}
