import { readStat } from './stat.js';

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
