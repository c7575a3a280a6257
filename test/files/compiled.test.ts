import { execFileSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Use } from '../../src/files/compiled.js';
import { createFolder } from '../store/samples.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = createFolder();
  writeFileSync(
    join(folder, 'program.cjs'),
    "process.stdout.write([__filename, typeof require, typeof module.exports].join(' '));\n",
  );
});

const kept = () => join(folder, 'kept');

/** Runs the program in a process of its own, since V8 compiles a text once in each. Returns whether that was from the kept file. */
function run(use: Use = 'usual', version = 'v1'): 'compiled' | 'as kept' {
  const program = { path: join(folder, 'program.cjs'), folder: kept(), name: 'program', version };
  const script = `
    import { syncBuiltinESMExports } from 'node:module';
    import vm, { Script } from 'node:vm';
    let wasTaken = false;
    vm.Script = class extends Script {
      constructor(source, options) {
        super(source, options);
        wasTaken = options.cachedData !== undefined && !this.cachedDataRejected;
      }
    };
    syncBuiltinESMExports();
    const { runCompiled } = await import('./src/files/compiled.ts');
    runCompiled(${JSON.stringify(program)}, ${JSON.stringify(use)});
    process.stdout.write(wasTaken ? ' as kept' : ' compiled');
  `;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  const said = execFileSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  expect(said).toContain(`${program.path} function object`);
  return said.endsWith(' as kept') ? 'as kept' : 'compiled';
}

function listKept(): string[] {
  return readdirSync(kept()).map((name) => join(kept(), name));
}

describe('a program that is run again', () => {
  test('is not compiled again, and what is kept is for this user alone', () => {
    expect(run()).toBe('compiled');
    expect(run()).toBe('as kept');
    const [file = '', ...others] = listKept();
    expect(others).toEqual([]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('is compiled where it is another version, which removes what was kept of the one before', () => {
    run();
    const before = listKept();
    expect(run('usual', 'v2')).toBe('compiled');
    expect(listKept()).toHaveLength(1);
    expect(listKept()).not.toEqual(before);
  });

  test('is compiled where it is asked to be, and kept anew', () => {
    run();
    const [file = ''] = listKept();
    const { ino } = statSync(file);
    expect(run('afresh')).toBe('compiled');
    expect(statSync(file).ino).not.toBe(ino);
    expect(run('as it is')).toBe('as kept');
  });

  test('keeps nothing where little of it will run', () => {
    expect(run('as it is')).toBe('compiled');
    expect(() => listKept()).toThrow('ENOENT');
  });

  test.each<[string, (file: string) => void]>([
    ['a bit of it has changed', (file) => writeFileSync(file, flipBit(readFileSync(file), 1000))],
    ['a bit of its second copy has changed', (file) => writeFileSync(file, flipBit(readFileSync(file), -1000))],
    ['it is cut off', (file) => writeFileSync(file, readFileSync(file).subarray(0, -100))],
    ['it is empty', (file) => writeFileSync(file, '')],
    ['others may write to it', (file) => chmodSync(file, 0o622)],
    ['it is a named pipe', (file) => replace(file, () => execFileSync('mkfifo', [file]))],
    ['it is a link', (file) => replace(file, () => symlinkSync('/dev/zero', file))],
  ])('is compiled where %s', (_, spoil) => {
    run();
    const [file = ''] = listKept();
    spoil(file);
    expect(run()).toBe('compiled');
    expect(run()).toBe('as kept');
  });

  test('runs where nothing can be kept', () => {
    writeFileSync(kept(), '');
    expect(run()).toBe('compiled');
  });
});

function flipBit(bytes: Buffer, at: number): Buffer {
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return bytes;
}

function replace(file: string, make: () => void): void {
  rmSync(file);
  make();
}
