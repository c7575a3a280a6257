import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism, loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { METERED, type Workbench } from '../harness/workbench.js';
import { writeSessionFake } from './fake-session.js';
import type { Added } from './fault.js';

/** How a Codex that writes a line each 10 ms came through. */
export interface Flow {
  readonly pid: number;
  readonly exitCode: number | null;
  readonly lines: number;
  /** The longest that a line was on its way from Codex to its reader. */
  readonly delayMs: number;
  /** From Codex's last line to the end of the process that the reader has started. */
  readonly endMs: number;
}

/** The metered run, and what was added to a direct one. */
export interface ComparedFlow extends Flow {
  readonly added: Added;
}

/**
 * What codex-metered may add to a line's way, and to a run's end: on an idle machine. Where processes wait for their turn, they
 * wait for as many times as long.
 */
const QUEUE = Math.max(1, loadavg()[0] ?? 1) / availableParallelism();
const DELAY_MS = 50 * Math.max(1, QUEUE);
const END_MS = 300 + 100 * Math.max(1, QUEUE);
const EXIT_CODE = 3;

/**
 * Runs such a Codex with and without us, after `disturb`, and asserts that its lines are not held up, nor its end. On a busy
 * machine a line is on its way for longer: what Codex alone takes there is allowed on top, twice. Returns the metered run.
 */
export async function expectFlow(
  bench: Workbench,
  { args = ['exec', '--json', 'x'], env = {}, cwd = bench.workTree, ms = 1500 }: FlowOptions = {},
): Promise<ComparedFlow> {
  const codex = writeTicking(bench, ms);
  const play = (direct: boolean) => run(bench, codex, { args, env, cwd, direct });
  const direct = await play(true);
  const metered = await play(false);
  expect([metered.exitCode, direct.exitCode]).toEqual([EXIT_CODE, EXIT_CODE]);
  expect(metered.lines).toBeGreaterThan(10);
  expect(metered.delayMs).toBeLessThan(DELAY_MS + 3 * direct.delayMs);
  expect(metered.endMs).toBeLessThan(END_MS + DELAY_MS + 3 * (direct.endMs + direct.delayMs));
  const added = { lineMs: metered.delayMs - direct.delayMs, endMs: metered.endMs - direct.endMs };
  return { ...metered, added };
}

interface FlowOptions {
  readonly args?: readonly string[];
  readonly env?: Record<string, string | undefined>;
  readonly cwd?: string;
  /** How long Codex writes. */
  readonly ms?: number;
}

/** A Codex that says in each line when it wrote it. */
function writeTicking(bench: Workbench, ms: number): string {
  return writeSessionFake(
    bench,
    `for (const line of usage) tell(line);
    const end = Date.now() + ${ms};
    while (Date.now() < end) {
      write(1, '{"type":"item.completed","at":' + (performance.timeOrigin + performance.now()) + '}\\n');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    process.exit(${EXIT_CODE});`,
  );
}

async function run(
  bench: Workbench,
  codex: string,
  { args, env, cwd, direct }: Required<Pick<FlowOptions, 'args' | 'env' | 'cwd'>> & { direct: boolean },
): Promise<Flow> {
  const [file = '', ...first] = direct ? [codex] : [process.execPath, METERED];
  const child = spawn(file, [...first, ...args], {
    cwd,
    // As long as a run waits that is told nothing of waiting.
    env: { ...bench.env, CODEX_METERED_CODEX: codex, CODEX_METERED_WAIT: undefined, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  let [lines, delayMs, lastAt] = [0, 0, 0];
  const now = () => performance.timeOrigin + performance.now();
  for await (const line of createInterface(child.stdout)) {
    const at = Number(/"at":([\d.]+)/.exec(line)?.[1]);
    if (!at) continue;
    [lines, lastAt, delayMs] = [lines + 1, at, Math.max(delayMs, now() - at)];
  }
  const [exitCode] = await ended;
  return { pid: child.pid ?? 0, exitCode, lines, delayMs, endMs: now() - lastAt };
}
