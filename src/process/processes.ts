import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

/** What Linux tells of a process. */
export interface ProcessStat {
  /** `Z`: it has ended and nobody has waited for it. */
  readonly state: string;
  readonly parentPid: number;
  /** By the number of the process that leads it, as is the session. */
  readonly processGroup: number;
  readonly session: number;
  /** When it started, in hundredths of a second since the machine did. */
  readonly startTicks: number;
}

/** Undefined for a process that is gone, and everywhere but on Linux. */
export function readStat(pid: number): ProcessStat | undefined {
  try {
    // The second field is the program's name in parentheses, which may hold spaces and parentheses itself.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return {
      state: fields[0] ?? '',
      parentPid: Number(fields[1]),
      processGroup: Number(fields[2]),
      session: Number(fields[3]),
      startTicks: Number(fields[19]),
    };
  } catch {
    return undefined;
  }
}

/** A process, so that another one which gets its number later is not taken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Undefined where only the number is known: on other systems than Linux, or for a process that had gone. */
  readonly startTicks: number | undefined;
}

export function identifyProcess(pid: number): ProcessIdentity {
  return { pid, startTicks: readStat(pid)?.startTicks };
}

/** Sends a signal to a process that is still there; 0 only looks. False where it has ended. */
export function signalProcess({ pid, startTicks }: ProcessIdentity, signal: NodeJS.Signals | 0): boolean {
  const stat = readStat(pid);
  if (startTicks !== stat?.startTicks || stat?.state === 'Z') return false;
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** Linux counts a process's start in these since the machine's (`USER_HZ`, fixed on every platform Node runs on). */
const TICKS_PER_SECOND = 100;
const TOLERANCE_MS = 10_000;
const LARGEST_PID = 2 ** 31 - 1;

/**
 * True while the process `pid` that was there at `sinceMs` works. On Linux one that has ended but that nobody has
 * waited for is dead, and so is one whose pid another process has by now; elsewhere they cannot be told apart. A number
 * that no system gives to a process, as a damaged record may hold it, is nobody's.
 */
export function isAlive(pid: number | null, sinceMs: number): boolean {
  if (pid === null || pid <= 0 || pid > LARGEST_PID) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Another user's process: it is there.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const stat = readStat(pid);
  if (!stat) return true;
  const startedAtMs = Date.now() - uptime() * 1000 + (stat.startTicks / TICKS_PER_SECOND) * 1000;
  return stat.state !== 'Z' && startedAtMs < sinceMs + TOLERANCE_MS;
}

/**
 * Whether a shell with job control started us, as the shell does at which a person types: it gives each command line a
 * process group of its own. A program that opens a terminal of its own starts in it either what it wants, which leads the
 * session then, or a shell that leads it and keeps all in its own group.
 */
export function startedByShell(platform = process.platform): boolean {
  if (platform !== 'linux') return isShellJobByPs();
  const stat = readStat(process.pid);
  return stat !== undefined && stat.processGroup !== stat.session;
}

/** `ps` tells of no session everywhere, but it marks whoever leads one. */
function isShellJobByPs(): boolean {
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  const ask = (column: string, pid: number | string) =>
    execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    return !ask('stat', ask('pgid', process.pid)).includes('s');
  } catch {
    return false;
  }
}
