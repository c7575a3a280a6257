import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Timing } from './rounds.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const METERED = join(ROOT, 'bin', 'codex-metered.js');

export const USAGE = join(ROOT, 'bin', 'codex-usage.js');
export const CODEX = join(ROOT, 'node_modules', '.bin', 'codex');

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Count CPU time too: a shell has to wait for the command then. */
  readonly countCpu?: boolean;
}

export interface Timed extends Timing {
  readonly stdout: string;
}

/** Runs a command and tells, apart from its streams, what CPU time it took. */
const TIMES_FD = 3;
const TIMING_SHELL = ['/bin/sh', '-c', `"$@" ${TIMES_FD}>&-; code=$?; times >&${TIMES_FD}; exit $code`, 'sh'];

/** A folder of its own for all that the bench writes, and the processes it has started. Both are gone after `close`. */
export interface Workspace {
  readonly folder: string;
  readonly codexHome: string;
  readonly database: string;
  readonly env: NodeJS.ProcessEnv;
  /** Starts a process whose stdin stays open until the workspace is closed. */
  start(command: readonly string[]): ChildProcess;
  /** Runs a command to its end, streams and all, and says how long that took. Rejects when it fails. */
  time(command: readonly string[], options?: RunOptions): Promise<Timed>;
  close(): void;
}

/** Opens a workspace below `build/`: Codex warns about a home below the system's temporary folder. */
export function openWorkspace(): Workspace {
  const build = join(ROOT, 'build');
  mkdirSync(build, { recursive: true });
  const folder = realpathSync(mkdtempSync(join(build, 'bench-')));
  const codexHome = join(folder, 'codex-home');
  mkdirSync(codexHome);
  const database = join(folder, 'data', 'usage.db');
  const env = {
    ...withoutOurs(process.env),
    // Where it is set, Node reads all certificates of the system before it starts: twice its usual time, here, for every Node.
    NODE_EXTRA_CA_CERTS: undefined,
    HOME: folder,
    CODEX_HOME: codexHome,
    CODEX_METERED_DB: database,
    CODEX_METERED_STATE_DIR: join(folder, 'state'),
  };
  const running = new Set<ChildProcess>();

  const launch = (command: readonly string[], stdin: 'pipe' | 'ignore', options: RunOptions): ChildProcess => {
    const [file = '', ...args] = command;
    // A process group of its own can be ended as a whole: a shell's pipeline too.
    const child = spawn(file, args, {
      cwd: options.cwd ?? folder,
      env: { ...env, ...options.env },
      stdio: [stdin, 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    running.add(child);
    child.once('close', () => running.delete(child));
    return child;
  };

  return {
    ...{ folder, codexHome, database, env },
    start: (command) => launch(command, 'pipe', {}),
    async time(command, options = {}) {
      const startedAt = performance.now();
      const shell = options.countCpu ? TIMING_SHELL : [];
      const child = launch([...shell, ...command], 'ignore', options);
      const output = Promise.all(child.stdio.slice(1).map((stream) => text(stream as Readable)));
      const [code, signal] = await once(child, 'close');
      const ms = performance.now() - startedAt;
      const [stdout = '', stderr = '', times = ''] = await output;
      // What is measured next must not share the machine with what this one leaves.
      await untilMetersAreGone();
      if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code ?? signal}:\n${stderr || stdout}`);
      return { ms, cpuMs: parseTimes(times), stdout };
    },
    close() {
      for (const child of running) killGroup(child);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** A meter of this checkout, or of one below it, ends soon after its run; only Linux tells. Rejects when one does not. */
async function untilMetersAreGone(): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (process.platform === 'linux' && readdirSync('/proc').some(isMeter)) {
    if (performance.now() > deadline) throw new Error('a meter does not end');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function isMeter(pid: string): boolean {
  try {
    if (!/^\d+$/.test(pid)) return false;
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1');
    return command.includes(ROOT) && command.includes('/dist/meter.cjs');
  } catch {
    return false;
  }
}

/** The second line of `times` is what the shell has waited for: `0m0.120000s 0m0.030000s`, user and system. */
function parseTimes(times: string): number {
  const [, waitedFor = ''] = times.split('\n');
  const parts = [...waitedFor.matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.reduce((sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000, 0);
}

function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('CODEX_')));
}
