import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Workbench } from './workbench.js';

/** Writes an executable script into the workbench, to be run in the place of Codex. Returns its path. */
function writeScript(bench: Pick<Workbench, 'folder'>, name: string, source: string): string {
  const folder = join(bench.folder, 'fakes');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  writeFileSync(path, source, { mode: 0o755 });
  return path;
}

/** A fake Codex in JavaScript, with `fs`, `process` and the arguments `args` at hand. */
export function writeNodeFake(bench: Pick<Workbench, 'folder'>, body: string): string {
  return writeScript(
    bench,
    'codex.mjs',
    `#!/usr/bin/env node
import fs from 'node:fs';
const args = process.argv.slice(2);
${body}`,
  );
}

/** A fake Codex in shell. */
export function writeShellFake(bench: Pick<Workbench, 'folder'>, body: string): string {
  return writeScript(bench, 'codex.sh', `#!/bin/sh\n${body}`);
}
