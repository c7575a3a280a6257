import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { isOwnFolder, makeFolder } from '../../src/files/folders.js';
import { createFolder } from '../store/samples.js';

let folder: string;
beforeEach(() => {
  folder = createFolder();
});

test('a folder is made with those above it, for the user alone, and may be there already', () => {
  const path = join(folder, 'a', 'b', 'c');
  makeFolder(path);
  makeFolder(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test('one below a file, or below /proc, is told to be impossible', () => {
  writeFileSync(join(folder, 'file'), '');
  expect(() => makeFolder(join(folder, 'file', 'below', 'it'))).toThrow('ENOTDIR');
  // Node's own way of making folders never ends here.
  expect(() => makeFolder('/proc/nope/below')).toThrow('ENOENT');
});

test('one is ours where it is a folder, not a link to one, a file, a loop or nothing', () => {
  mkdirSync(join(folder, 'own'));
  symlinkSync(join(folder, 'own'), join(folder, 'link'));
  symlinkSync(join(folder, 'loop'), join(folder, 'loop'));
  writeFileSync(join(folder, 'file'), '');
  const names = ['own', 'link', 'file', 'loop', 'loop/below', 'file/below', 'none'];
  expect(names.filter((name) => isOwnFolder(join(folder, name)))).toEqual(['own']);
});
