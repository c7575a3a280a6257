import { readFileSync } from 'node:fs';

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
