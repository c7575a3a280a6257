import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CODEX, METERED, type Workbench } from './workbench.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface InPlace {
  readonly direct: boolean;
}

/**
 * The environment of a program that starts the `codex` it finds on PATH: Codex itself if `direct`, or else a link to
 * codex-metered in a folder before it. Nothing is set for codex-metered to find Codex, or to wait for its record.
 */
export function putInPlace(bench: Workbench, { direct }: InPlace): NodeJS.ProcessEnv {
  const front = join(bench.folder, 'in-front');
  if (!direct) {
    mkdirSync(front, { recursive: true });
    if (!existsSync(join(front, 'codex'))) symlinkSync(METERED, join(front, 'codex'));
  }
  const path = [...(direct ? [] : [front]), dirname(CODEX), String(bench.env.PATH)];
  return { ...bench.env, CODEX_METERED_CODEX: undefined, CODEX_METERED_WAIT: undefined, PATH: path.join(delimiter) };
}

/** Installs codex-metered into a folder of packages, beside Codex, as `npm install -g` does. Returns the path of its command. */
export function installBeside(bench: Workbench): string {
  const packages = join(bench.folder, 'lib', 'node_modules');
  const own = join(packages, 'codex-metered');
  mkdirSync(own, { recursive: true });
  for (const name of ['bin', 'dist', 'package.json']) cpSync(join(ROOT, name), join(own, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(own, 'node_modules'));
  symlinkSync(join(ROOT, 'node_modules', '@openai'), join(packages, '@openai'));
  const command = join(bench.folder, 'codex');
  symlinkSync(join(own, 'bin', 'codex-metered.js'), command);
  return command;
}
