import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { expect } from 'vitest';
import type { Ended, RunOptions, Workbench } from './workbench.js';
import { CODEX, METERED } from './workbench.js';

export type Outcome = Pick<Ended, 'stdout' | 'stderr' | 'exitCode' | 'signal'>;

export interface Both<T = Ended> {
  readonly direct: T;
  readonly metered: T;
}

/** Runs Codex directly, then metered, and asserts that both write the same bytes and end the same way. */
export async function expectSame(bench: Workbench, args: readonly string[], options: RunOptions = {}): Promise<Both> {
  const direct = await bench.run(args, { ...options, direct: true });
  const metered = await bench.run(args, options);
  expectSameEnd({ direct, metered });
  return { direct, metered };
}

/** The same for a shell script in which `codex` is Codex. */
export async function expectSameInShell(
  bench: Workbench,
  script: string,
  options: { codex?: string } = {},
): Promise<Both<Outcome>> {
  const direct = await runInShell(bench, script, { ...options, direct: true });
  const metered = await runInShell(bench, script, options);
  expectSameEnd({ direct, metered });
  return { direct, metered };
}

/** Runs a shell script in which `codex` is Codex, metered unless `direct`. */
export async function runInShell(
  bench: Workbench,
  script: string,
  { codex = CODEX, direct = false }: { codex?: string; direct?: boolean } = {},
): Promise<Outcome> {
  const program = direct ? '"$CODEX_METERED_CODEX"' : '"$NODE" "$METERED"';
  const child = spawn('sh', ['-c', `codex() { ${program} "$@"; }\n${script}`], {
    cwd: bench.workTree,
    env: { ...bench.env, CODEX_METERED_CODEX: codex, NODE: process.execPath, METERED },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const [stdout, stderr] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
  const [exitCode, signal] = await ended;
  return { stdout, stderr, exitCode, signal };
}

function expectSameEnd({ direct, metered }: Both<Outcome>): void {
  expect(describeOutcome(metered)).toEqual(describeOutcome(direct));
}

function describeOutcome({ stdout, stderr, exitCode, signal }: Outcome) {
  return { exitCode, signal, stdout: describeBytes(stdout), stderr: describeBytes(stderr) };
}

/** Much of it by its hash: a difference of 50 MB is no use to a reader. */
function describeBytes(bytes: Buffer): string {
  if (bytes.length < 10_000) return bytes.toString('latin1');
  return `${bytes.length} bytes, sha256 ${createHash('sha256').update(bytes).digest('hex')}`;
}

/** Asserts that a metered run of the real Codex wrote and ended as a direct one did. */
export function expectUndisturbed(metered: Outcome, direct: Outcome): void {
  expect(withoutVarying(metered.stdout)).toBe(withoutVarying(direct.stdout));
  expect(withoutVarying(metered.stderr)).toBe(withoutVarying(direct.stderr));
  expect([metered.exitCode, metered.signal]).toEqual([direct.exitCode, direct.signal]);
}

/** What a real Codex wrote, without what differs from run to run: ids and durations. */
export function withoutVarying(output: Buffer | string): string {
  return output
    .toString()
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
    .replaceAll(/rollout-[\dT-]+-<id>/g, 'rollout-<time>-<id>')
    .replaceAll(/\bin \d+(?:\.\d+)?m?s\b/g, 'in <time>')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/g, '<time>');
}

/** Does the same with Codex itself and then metered, and asserts that both come to the same, which it returns. */
export async function expectSameAsDirect<Result>(play: (direct: boolean) => Promise<Result>): Promise<Result> {
  const direct = await play(true);
  const metered = await play(false);
  expect(metered).toEqual(direct);
  return metered;
}
