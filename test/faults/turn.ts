import { execa } from 'execa';
import { expect } from 'vitest';
import { expectUndisturbed } from '../harness/compare.js';
import { expectExact, readRecord } from '../harness/record.js';
import { waitFor } from '../harness/wait.js';
import { type Ended, type Running, type RunOptions, USAGE, type Workbench } from '../harness/workbench.js';
import type { Scenario } from '../scripted-api/script.js';

export const ARGS = ['exec', '--json', 'work'];

/** A turn of two responses with a tool call between them. The second waits for `until`. */
export function turn(until?: Promise<void>): Scenario {
  const usage = { input: 4100, cached: 77, output: 52, reasoning: 9 };
  return {
    prompt: 'work',
    replies: [
      { calls: [{ tool: 'exec_command', cmd: 'echo one' }], usage },
      { message: 'Done.', usage: { input: 4300, cached: 4096, cacheWrite: 31, output: 18 }, ...(until && { until }) },
    ],
  };
}

/** Runs the turn without us. */
export async function runDirect(bench: Workbench, options: RunOptions = {}): Promise<Ended> {
  bench.api.add(turn());
  return bench.run(ARGS, { ...options, direct: true });
}

export interface Held extends Running {
  /** Resolves when the turn waits for its second response. */
  readonly waits: Promise<unknown>;
  /** Lets the second response come. */
  release(): void;
}

/** Starts the turn, metered; it stops before its second response. */
export function startHeld(bench: Workbench, options: RunOptions = {}): Held {
  const gate = holdTurn(bench);
  return { ...bench.start(ARGS, options), ...gate };
}

/** The same for a turn that the caller starts. */
export function holdTurn(bench: Workbench): Pick<Held, 'waits' | 'release'> {
  let release: () => void = () => undefined;
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  const before = bench.api.requests.length;
  bench.api.add(turn(until));
  return { release, waits: waitFor('the second request', () => bench.api.requests.length === before + 2) };
}

/**
 * Runs the turn with and without us. While it waits for its second response, its first being recorded, `disturb` is
 * called; without us too, where it is Codex that it disturbs. `varying` is what Codex then says now thus, now otherwise.
 */
export async function disturbTurn(
  bench: Workbench,
  disturb: () => unknown,
  { whom = 'us', varying, ...options }: RunOptions & { whom?: 'us' | 'Codex'; varying?: RegExp } = {},
): Promise<Ended> {
  const play = async (direct: boolean) => {
    const before = countResponses(bench);
    const running = startHeld(bench, { ...options, direct });
    await running.waits;
    if (!direct) await waitFor('the first response', () => countResponses(bench) === before + 1);
    if (!direct || whom === 'Codex') await disturb();
    running.release();
    return running.ended;
  };
  const direct = await play(true);
  const metered = await play(false);
  const withoutThat = (run: Ended) => {
    const cut = (output: Buffer) => (varying ? Buffer.from(output.toString().replaceAll(varying, '')) : output);
    return { ...run, stdout: cut(run.stdout), stderr: cut(run.stderr) };
  };
  expectUndisturbed(withoutThat(metered), withoutThat(direct));
  return metered;
}

/** What the next `codex-usage` does for runs that could not record or settle themselves. */
export async function settle(bench: Workbench, env: NodeJS.ProcessEnv = {}): Promise<void> {
  await execa(USAGE, ['run'], { env: { ...bench.env, ...env }, reject: false });
}

/** Asserts that each of `runs` is recorded, once, as the API billed it. */
export function expectCounted(bench: Workbench, ...runs: Pick<Ended, 'pid' | 'ledger'>[]): void {
  for (const run of runs) {
    expect(run.ledger).toHaveLength(2);
    expectExact(bench, run);
  }
}

export function countResponses(bench: Workbench): number {
  try {
    return readRecord(bench.database).reduce((sum, { responses }) => sum + responses.length, 0);
  } catch {
    return 0;
  }
}
