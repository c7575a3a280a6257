import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { identifyProcess, type ProcessIdentity, signalProcess } from './identity.js';
import { readStat } from './stat.js';

/** A process and those that it started, as they were at one moment: some may have gone since, others come. */
export interface Tree {
  /** Sends a signal to those that are still there; 0 only looks. Returns how many there were. */
  signal(signal: NodeJS.Signals | 0): number;
}

/** The processes that `pid` has started, and those that they have, without itself. */
export function findDescendants(pid: number): Tree {
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
