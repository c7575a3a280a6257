import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';

interface ProbeProcess {
  readonly pid: number | undefined;
  /** Resolves with the signal that has ended it; never, where there is no such program. */
  readonly endedBy: Promise<NodeJS.Signals>;
  /** Whether its end was taken as the answer for one signal. It answers for no other that came at the same time. */
  isSpent: boolean;
}

/**
 * How long after us the probe may receive a signal. Linux shows signals that are pending, so there this is the time between
 * two sends of a program that signals each process by itself. On other systems it includes the time to end.
 */
const PATIENCE_MS = process.platform === 'linux' ? 20 : 150;
/** Without a terminal only a Codex that works for a while is signalled by its group. */
const UNHURRIED_MS = 100;

/**
 * Starts a probe, which finds out whether a signal that this process received was sent to Codex too. A signal from a terminal (Ctrl-C, Ctrl-\), or one that a supervisor sends to a process group, reaches Codex
 * as well as us, while `kill` reaches us alone; Node does not report which it was. So an idle process runs beside Codex in our
 * group: when a signal ends it, the signal was sent to the whole group. It ends with us, because its input ends then. In the few
 * milliseconds until a new one has replaced one that has ended, signals are passed on, and Codex may receive one twice: better than
 * not at all.
 */
export function startSignalProbe() {
  let current: ProbeProcess | undefined;
  const replace = () => {
    current = startProbeProcess();
  };
  if (hasTerminal()) replace();
  else setTimeout(replace, UNHURRIED_MS).unref();
  return {
    /** Resolves with true when `signal`, which was just received, was sent to the whole process group. */
    async reachedGroup(signal: NodeJS.Signals): Promise<boolean> {
      const probe = current;
      if (!probe) return false;
      const isStruck = await wasEndedBy(signal, probe);
      if (isStruck && current === probe) replace();
      if (!isStruck || probe.isSpent) return false;
      probe.isSpent = true;
      return true;
    },
  };
}

/** Whether `signal` has ended the process, or is about to. */
async function wasEndedBy(signal: NodeJS.Signals, probe: ProbeProcess): Promise<boolean> {
  if (readProbeState(probe, signal) === 'pending') return true;
  const patience = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS, undefined));
  const endedBy = await Promise.race([probe.endedBy, patience]);
  // On a busy machine the event of its end may still be on its way, or the process may not have ended yet.
  return endedBy === undefined ? readProbeState(probe, signal) !== 'alive' : endedBy === signal;
}

/** Undefined when it cannot be started: then every signal is passed on. */
function startProbeProcess(): ProbeProcess | undefined {
  try {
    const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'], env: { PATH: process.env.PATH } });
    child.on('error', () => undefined);
    child.unref();
    if (child.stdin instanceof Socket) child.stdin.unref();
    const endedBy = new Promise<NodeJS.Signals>((resolve) => {
      child.once('exit', (_code, signal) => signal && resolve(signal));
    });
    return { pid: child.pid, endedBy, isSpent: false };
  } catch {
    return undefined;
  }
}

/** Whether `signal` is pending for the process, or the process has ended. Only Linux shows it: elsewhere it is `alive`. */
function readProbeState({ pid }: ProbeProcess, signal: NodeJS.Signals): 'alive' | 'pending' | 'dead' {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const pending = BigInt(`0x${/^ShdPnd:\t(\w+)$/m.exec(status)?.[1] ?? '0'}`);
    if (((pending >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n) return 'pending';
    return /^State:\t[ZX]/m.test(status) ? 'dead' : 'alive';
  } catch {
    return 'alive';
  }
}

/** Whether there is a terminal that could send signals, wherever the streams lead. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}
