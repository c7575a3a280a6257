import { uptime } from 'node:os';
import { readStat } from './stat.js';

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
