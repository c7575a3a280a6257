import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { monotonicMs } from '../node/clock.js';
import { identifyProcess, type ProcessIdentity, readStat, signalProcess } from './processes.js';

/** How long Codex and what it has started may take to end after each signal. */
const GRACE_MS = 5000;

export interface Stoppable {
  readonly pid: number;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Resolves when Codex has ended. */
  readonly exited: Promise<unknown>;
}

/**
 * Ends Codex in order: SIGINT, on which it ends its turn and its tools; then SIGTERM and SIGKILL, which reach what it
 * has started as well. Codex shares the caller's process group, and its tools have groups of their own, so its tree of
 * processes is what is ended, and nobody else. What a tool has left running when Codex is gone goes the same way: it
 * may spend, too. Resolves when all has been sent.
 */
export async function stopCodex({ pid, kill, exited }: Stoppable): Promise<void> {
  const started = findDescendants(pid);
  kill('SIGINT');
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (await endsWithin(exited, GRACE_MS)) return await endRest(started);
    started.push(...findDescendants(pid));
    kill(signal);
    signalAll(started, signal);
  }
}

async function endRest(processes: readonly ProcessIdentity[]): Promise<void> {
  const deadline = monotonicMs() + GRACE_MS;
  for (let left = signalAll(processes, 'SIGTERM'); left > 0; left = signalAll(processes, 0)) {
    if (monotonicMs() > deadline) return void signalAll(processes, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, GRACE_MS / 100));
  }
}

/** Sends a signal to those that still run; 0 only checks. Returns how many they were. */
function signalAll(processes: readonly ProcessIdentity[], signal: NodeJS.Signals | 0): number {
  return processes.filter((one) => signalProcess(one, signal)).length;
}

function endsWithin(exited: Promise<unknown>, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), limitMs);
    void exited.then(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

/** Returns the processes that `pid` has started, and those that they have, as they are now. */
function findDescendants(pid: number): ProcessIdentity[] {
  const parentage = process.platform === 'linux' ? listByProc() : listByPs();
  const collect = (parent: number): ProcessIdentity[] => {
    const children = parentage.filter(([, parentPid]) => parentPid === parent);
    return children.flatMap(([child]) => [identifyProcess(child), ...collect(child)]);
  };
  return collect(pid);
}

type Parentage = readonly [pid: number, parentPid: number];

function listByProc(): Parentage[] {
  return readdirSync('/proc').flatMap((name): Parentage[] => {
    const stat = /^\d+$/.test(name) ? readStat(Number(name)) : undefined;
    return stat ? [[Number(name), stat.parentPid]] : [];
  });
}

function listByPs(): Parentage[] {
  try {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).split('\n');
    return lines.flatMap((line): Parentage[] => {
      const [pid, parentPid] = line.trim().split(/\s+/).map(Number);
      return pid && parentPid ? [[pid, parentPid]] : [];
    });
  } catch {
    return [];
  }
}
