import { readdirSync, readFileSync } from 'node:fs';
import { waitFor } from './wait.js';

/** The children of a process, their children, and so on. A meter is none of them: it has a session of its own. */
export function listDescendants(pid: number): number[] {
  return listChildren(pid)
    .filter((child) => !isMeter(child))
    .flatMap((child) => [child, ...listDescendants(child)]);
}

/** The processes that a `codex-metered` has started as Codex, and the guardian where there is no meter. */
export function listCodex(frontPid: number): number[] {
  return listChildren(frontPid).filter((child) => !isMeter(child) && !isWitness(child));
}

/** The meter of a `codex-metered`, once it has begun. */
export function findMeter(frontPid: number): Promise<number> {
  return waitFor('the meter', () => listChildren(frontPid).find(isMeter));
}

/** The state of a process as the kernel calls it, `T` where it has been stopped; undefined when there is none. */
export function stateOf(pid: number): string | undefined {
  return /^State:\s+(\w)/m.exec(readProc(`${pid}/status`))?.[1];
}

/** What runs, of what was started with `home` for its home, but for meters: Codex, its tools, and whoever has started them. */
export function listProcesses(home: string): { pid: number; command: string }[] {
  return listPids()
    .filter((pid) => !isMeter(pid) && ![undefined, 'Z'].includes(stateOf(pid)))
    .filter((pid) => readProc(`${pid}/environ`).split('\0').includes(`HOME=${home}`))
    .map((pid) => ({ pid, command: readProc(`${pid}/cmdline`).replaceAll('\0', ' ').trim() }));
}

/** Resolves when no meter works any more that was started with `home` for its home. */
export function untilMetersEnd(home: string, limitMs?: number): Promise<unknown> {
  const haveEnded = () => {
    return !listPids().some((pid) => isMeter(pid) && readProc(`${pid}/environ`).split('\0').includes(`HOME=${home}`));
  };
  return waitFor('the end of the meters', haveEnded, limitMs);
}

function listPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** Those that have not ended. */
function listChildren(pid: number): number[] {
  const children = readProc(`${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return children.filter((child) => ![undefined, 'Z'].includes(stateOf(child)));
}

/** Also the shell that becomes a meter once Codex has started. */
function isMeter(pid: number): boolean {
  return readProc(`${pid}/cmdline`).includes('/dist/meter.cjs\0');
}

/** What stands by to tell to whom a signal was sent. */
function isWitness(pid: number): boolean {
  return readProc(`${pid}/cmdline`) === 'cat\0';
}

function readProc(path: string): string {
  try {
    return readFileSync(`/proc/${path}`, 'utf8');
  } catch {
    return '';
  }
}
