import { closeSync, constants, fstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { requireFrom } from '../node/require.js';
import { makeFolder } from './folders.js';
import { openRegularFile, replaceFile } from './regular-file.js';

/** Larger than the compiled form of any of our programs. */
const LIMIT_BYTES = 8_000_000;
const SUFFIX = '.compiled';

export interface Program {
  /** Its file: one CommonJS module. */
  readonly path: string;
  /** The folder for its compiled form, and how the names of the files there begin. */
  readonly folder: string;
  readonly name: string;
  /** Changes whenever the program does. V8 compares no more of it than its length. */
  readonly version: string;
}

/**
 * `usual`: the compiled form is used, and written where there is none. `as it is`: nothing is written, because little of the program
 * will run. `afresh`: the compiled form is not read and is written again, for a process that may have died of it.
 */
export type Use = 'usual' | 'as it is' | 'afresh';

/**
 * Runs a program from what V8 made of it the last time, which spares a short process a quarter of its work: compiling. The first run
 * leaves that behind at its end. Node's own `module.enableCompileCache` does so from Node 22 on, and keeps no check of its files.
 * Whatever is wrong with the file, or with the folder, the program runs from its source.
 */
export function runCompiled(program: Program, use: Use): void {
  const { path } = program;
  const compiled = join(
    program.folder,
    `${program.name}-${program.version}-${process.version}-${process.arch}${SUFFIX}`,
  );
  const cachedData = use === 'afresh' ? undefined : readCompiled(compiled);
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(path, 'utf8')}\n})`;
  const script = new Script(source, { filename: path, ...(cachedData && { cachedData }) });
  const isMissing = !cachedData || script.cachedDataRejected;
  if (isMissing && use !== 'as it is')
    process.once('exit', (code) => code === 0 && writeCompiled(script, compiled, program));
  const run = script.runInThisContext() as (...parts: unknown[]) => void;
  const module = { exports: {} };
  run(module.exports, requireFrom(import.meta.url), module, path, dirname(path));
}

/**
 * Returns the compiled form, if it can be trusted: whoever may write to the file decides what we run, and V8 would run damaged code. So the
 * file has the same bytes twice, which Node compares faster than it computes a checksum.
 */
function readCompiled(path: string): Buffer | undefined {
  try {
    const fd = openRegularFile(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const { size, uid, mode } = fstatSync(fd);
      const isOurs = (process.getuid === undefined || uid === process.getuid()) && (mode & 0o022) === 0;
      if (!isOurs || size > 2 * LIMIT_BYTES || size % 2 !== 0) return undefined;
      const bytes = readFileSync(fd);
      const half = bytes.subarray(0, size / 2);
      return half.equals(bytes.subarray(size / 2)) ? half : undefined;
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

/** Writes the compiled form with all functions that have run by now, and removes those of other versions of the program. */
function writeCompiled(script: Script, path: string, { folder, name, version }: Program): void {
  try {
    // V8 takes back only what was compiled under the flags that hold when it is read.
    setFlagsFromString('--opt');
    const data = script.createCachedData();
    if (data.length > LIMIT_BYTES) return;
    makeFolder(folder);
    replaceFile(path, Buffer.concat([data, data]), 0o600);
    const isStale = (file: string) => file.startsWith(`${name}-`) && !file.startsWith(`${name}-${version}-`);
    for (const file of readdirSync(folder)) if (isStale(file) && file.endsWith(SUFFIX)) rmSync(join(folder, file));
  } catch {
    // The disk is full, or the folder is read-only: the next run compiles its program again.
  }
}
