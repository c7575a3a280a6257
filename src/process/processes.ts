import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

/** A process as `/proc/<pid>/stat` describes it. */
export interface ProcessStat {
  /** The letter of its state. `Z`: it has ended and its parent has not waited for it yet. */
  readonly state: string;
  readonly parentPid: number;
  /** The number of the process that leads its group. `session` is likewise that of the one that leads the session. */
  readonly processGroup: number;
  readonly session: number;
  /** When it started, in hundredths of a second since the machine did. */
  readonly startTicks: number;
}

/** Undefined for a process that has ended, and on other systems than Linux. */
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

/** A process by number and start time, so that a later process with the same number is not taken for it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Undefined where only the number is known: on other systems than Linux, or for a process that had gone. */
  readonly startTicks: number | undefined;
}

export function identifyProcess(pid: number): ProcessIdentity {
  return { pid, startTicks: readStat(pid)?.startTicks };
}

/** Sends a signal to a process that still runs; 0 only checks. Returns false when it has ended. */
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
 * True while the process that had the number `pid` at `sinceMs` runs. On Linux a zombie counts as ended, and so does a process
 * whose number another one has now; on other systems these cases cannot be distinguished. A number that no system gives to
 * a process, as a damaged record may hold it, is that of no process.
 */
export function isAlive(pid: number | null, sinceMs: number): boolean {
  if (pid === null || pid <= 0 || pid > LARGEST_PID) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM means that the process exists and is another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const stat = readStat(pid);
  if (!stat) return true;
  const startedAtMs = Date.now() - uptime() * 1000 + (stat.startTicks / TICKS_PER_SECOND) * 1000;
  return stat.state !== 'Z' && startedAtMs < sinceMs + TOLERANCE_MS;
}

/**
 * Whether a shell with job control started this process, as an interactive shell does: it gives each command line a process
 * group of its own. A program that opens a terminal starts in it either a command, which then leads the session, or a shell
 * without job control, which leads the session and has all its commands in its own group.
 */
export function startedByShell(platform = process.platform): boolean {
  if (platform !== 'linux') return isShellJobByPs();
  const stat = readStat(process.pid);
  return stat !== undefined && stat.processGroup !== stat.session;
}

/** `ps` does not show the session on every system, but it marks the process that leads one. */
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
