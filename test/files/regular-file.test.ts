import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { openForReading, openRegularFile, readRegularFile, replaceFile } from '../../src/files/regular-file.js';
import { createFolder } from '../store/samples.js';

let folder: string;
beforeEach(() => {
  folder = createFolder();
});

function make(kind: string): string {
  const path = join(folder, 'it');
  if (kind === 'a named pipe') execFileSync('mkfifo', [path]);
  if (kind === 'a device') symlinkSync('/dev/zero', path);
  if (kind === 'a folder') mkdirSync(path);
  return path;
}

describe('what is not a regular file', () => {
  test.for(['a named pipe', 'a device', 'a folder'])('is not opened, and told: %s', async (kind) => {
    const path = make(kind);
    const told = `it is ${kind}, not a file`;
    expect(() => readRegularFile(path, 100)).toThrow(told);
    expect(() => openRegularFile(path, constants.O_WRONLY | constants.O_CREAT)).toThrow(told);
    await expect(openForReading(path)).rejects.toThrow(told);
  });
});

describe('a regular file', () => {
  test('is read whole, also behind a link and below /proc, where it has no size', () => {
    writeFileSync(join(folder, 'file'), 'x'.repeat(50_000));
    symlinkSync(join(folder, 'file'), join(folder, 'link'));
    expect(readRegularFile(join(folder, 'link'), 50_000)).toHaveLength(50_000);
    expect(readRegularFile('/proc/self/status', 100_000).toString()).toContain('VmRSS');
  });

  test('is refused where it is too large', () => {
    writeFileSync(join(folder, 'file'), 'x'.repeat(50_001));
    expect(() => readRegularFile(join(folder, 'file'), 50_000)).toThrow('it is larger than 50000 bytes');
  });

  test('is missing as it is for the file system', async () => {
    expect(() => readRegularFile(join(folder, 'none'), 1)).toThrow('ENOENT');
    await expect(openForReading(join(folder, 'none'))).rejects.toThrow('ENOENT');
  });

  test('is made where that is asked for', () => {
    closeSync(openRegularFile(join(folder, 'new'), constants.O_WRONLY | constants.O_CREAT, 0o600));
    expect(readdirSync(folder)).toEqual(['new']);
  });
});

describe('a file that is replaced', () => {
  test('is there with all of the text, and nothing beside it, whatever stood in the way of the draft', () => {
    const path = join(folder, 'report.json');
    execFileSync('mkfifo', [`${path}.${process.pid}.tmp`]);
    writeFileSync(path, 'old');
    replaceFile(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(readdirSync(folder)).toEqual(['report.json']);
  });

  test('stays as it was where there is no room for another', () => {
    expect(() => replaceFile(join(folder, 'no', 'folder'), 'new')).toThrow('ENOENT');
    expect(readdirSync(folder)).toEqual([]);
  });
});
