import { isAlive } from './processes.js';

/** The processes of an invocation whose end is not recorded. Null: the record names none. */
export interface InvocationProcesses {
  readonly meterPid: number | null;
  readonly codexPid: number | null;
  /** When it started, in epoch milliseconds. */
  readonly startedAtMs: number;
}

/**
 * What the processes of an invocation show of it. `running`: its meter works, and so does Codex as far as is known;
 * `settling`: Codex has ended and the meter writes the rest; `unmetered`: the meter was killed and Codex works on, so the
 * figures stand still until the next command settles them; `killed`: both have ended and the end is not recorded.
 */
export type InvocationState = 'running' | 'settling' | 'unmetered' | 'killed';

/** Decides whether an invocation without a recorded end still works. Nothing else does. */
export function judgeState(
  { meterPid, codexPid, startedAtMs }: InvocationProcesses,
  works: (pid: number, sinceMs: number) => boolean = isAlive,
): InvocationState {
  const codexWorks = codexPid !== null && works(codexPid, startedAtMs);
  if (meterPid === null) return codexWorks ? 'running' : 'killed';
  if (works(meterPid, startedAtMs)) return codexWorks || codexPid === null ? 'running' : 'settling';
  return codexWorks ? 'unmetered' : 'killed';
}
