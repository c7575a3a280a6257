import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { expectUndisturbed } from '../harness/compare.js';
import { writeShellFake } from '../harness/fake-codex.js';
import { CODEX, type RunOptions, type Workbench } from '../harness/workbench.js';
import { ARGS, countResponses, disturbTurn, expectCounted, runDirect, settle } from './turn.js';

/** Fills the disk under everything of ours, on a small file system where one may be mounted, else by a limit on files. */
export async function disturbFullDisk(bench: Workbench): Promise<void> {
  const folder = join(bench.folder, 'disk');
  const env = {
    CODEX_METERED_DB: join(folder, 'usage.db'),
    CODEX_METERED_STATE_DIR: join(folder, 'state'),
    TMPDIR: join(bench.folder, 'temporary'),
  };
  for (const path of [folder, env.TMPDIR]) mkdirSync(path);
  const onDisk = { ...bench, database: env.CODEX_METERED_DB };
  if (!mountSmallDisk(folder)) return limitFiles(onDisk, env);
  try {
    await fillDisk(onDisk, env, join(folder, 'filler'));
  } finally {
    execFileSync('umount', ['-l', folder]);
  }
}

async function fillDisk(bench: Workbench, env: Record<string, string>, filler: string): Promise<void> {
  const direct = await runDirect(bench, { env });
  fill(filler);
  const fromTheStart = await bench.run(ARGS, { env });
  expectUndisturbed(fromTheStart, direct);
  expect(readdirSync(env.TMPDIR ?? '').filter((name) => name.startsWith('codex-metered-'))).toHaveLength(1);
  rmSync(filler);
  await settle(bench, env);
  expectCounted(bench, fromTheStart);

  const fromTheMiddle = await disturbTurn(bench, () => fill(filler), { env });
  rmSync(filler);
  await settle(bench, env);
  expectCounted(bench, fromTheStart, fromTheMiddle);
}

/** Codex itself may write as much as it likes. */
async function limitFiles(bench: Workbench, env: Record<string, string>): Promise<void> {
  const codex = writeShellFake(bench, `ulimit -S -f unlimited; exec "${CODEX}" "$@"`);
  const options: RunOptions = { env, codex };
  const direct = await runDirect(bench, options);
  const run = await bench.run(ARGS, { ...options, via: ['sh', '-c', 'ulimit -S -f 16; exec "$@"', 'sh'] });
  expectUndisturbed(run, direct);
  expect(countResponses(bench)).toBe(0);
  await settle(bench, env);
  expectCounted(bench, run);
}

/** Mounts 8 MB of memory: the programs leave their compiled code there too. False where we may not. */
export function mountSmallDisk(folder: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Writes a file until there is no byte left. */
export function fill(path: string): void {
  for (const size of [65_536, 4096, 1]) {
    try {
      for (;;) writeFileSync(path, Buffer.alloc(size), { flag: 'a' });
    } catch {
      // Not that much is left.
    }
  }
}
