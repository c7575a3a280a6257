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
  const trees = [findDescendants(pid)];
  kill('SIGINT');
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (await endsWithin(exited, GRACE_MS)) return await endRest(trees);
    trees.push(findDescendants(pid));
    kill(signal);
    for (const tree of trees) tree.signal(signal);
  }
}

async function endRest(trees: readonly Tree[]): Promise<void> {
  const signal = (one: NodeJS.Signals | 0) => trees.reduce((reached, tree) => reached + tree.signal(one), 0);
  const deadline = monotonicMs() + GRACE_MS;
  for (let left = signal('SIGTERM'); left > 0; left = signal(0)) {
    if (monotonicMs() > deadline) return void signal('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, GRACE_MS / 100));
  }
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

/** A process and those that it started, as they were at one moment: some may have gone since, others come. */
interface Tree {
  /** Sends a signal to those that still run; 0 only checks. Returns how many there were. */
  signal(signal: NodeJS.Signals | 0): number;
}

/** The processes that `pid` has started, and those that they have, without itself. */
function findDescendants(pid: number): Tree {
  const members = collect(pid, listChildren());
  return {
    signal: (signal) => members.filter((member) => signalProcess(member, signal)).length,
  };
}

function collect(pid: number, childrenOf: ReadonlyMap<number, readonly number[]>): ProcessIdentity[] {
  return (childrenOf.get(pid) ?? []).flatMap((child) => [identifyProcess(child), ...collect(child, childrenOf)]);
}

function listChildren(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const [pid, parentPid] of process.platform === 'linux' ? listByProc() : listByPs()) {
    children.set(parentPid, [...(children.get(parentPid) ?? []), pid]);
  }
  return children;
}

type Parentage = readonly [pid: number, parentPid: number];

function listByProc(): Parentage[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((name): Parentage[] => {
    const stat = readStat(Number(name));
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
