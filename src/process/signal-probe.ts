import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';

/** Tells whether a signal that has reached us was sent to Codex too, as a terminal's Ctrl-C is. */
export interface SignalProbe {
  /** Resolves with true when `signal`, which we have just been sent, went to all of our process group. */
  reachedGroup(signal: NodeJS.Signals): Promise<boolean>;
}

interface ProbeProcess {
  readonly pid: number | undefined;
  /** Resolves with the signal that has ended it; never, where there is no such program. */
  readonly endedBy: Promise<NodeJS.Signals>;
  /** Its end tells of one signal, and of no other that came at the same time. */
  isSpent: boolean;
}

/**
 * How long a signal may take to strike the witness after it has reached us. Linux tells of one that is on its way, so there
 * it is the time between two sends of whoever signals each process by itself. Elsewhere it is the time to die of it.
 */
const PATIENCE_MS = process.platform === 'linux' ? 20 : 150;
/** Without a terminal only a Codex that works for a while is signalled by its group. */
const UNHURRIED_MS = 100;

/**
 * What is typed on a terminal (Ctrl-C, Ctrl-\), and what a supervisor sends to a process group, reaches Codex as it does us,
 * while `kill` reaches us alone; Node does not say which it was. So a process that does nothing stands beside Codex in our
 * group: a signal that ends it was sent to all. It ends when we do, because its input does then. In the few milliseconds until another
 * has taken the place of one that has ended, a signal is handed on, and Codex may get it twice: better than not at all.
 */
export function startSignalProbe(): SignalProbe {
  let current: ProbeProcess | undefined;
  const replace = () => {
    current = startProbeProcess();
  };
  if (hasTerminal()) replace();
  else setTimeout(replace, UNHURRIED_MS).unref();
  return {
    async reachedGroup(signal) {
      const bystander = current;
      if (!bystander) return false;
      const isStruck = await wasEndedBy(signal, bystander);
      if (isStruck && current === bystander) replace();
      if (!isStruck || bystander.isSpent) return false;
      bystander.isSpent = true;
      return true;
    },
  };
}

/** Whether `signal` has ended the bystander, or is about to. */
async function wasEndedBy(signal: NodeJS.Signals, bystander: ProbeProcess): Promise<boolean> {
  if (readProbeState(bystander, signal) === 'pending') return true;
  const patience = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS, undefined));
  const endedBy = await Promise.race([bystander.endedBy, patience]);
  // On a busy machine nobody may have told us of its end, or it may not even have come to die.
  return endedBy === undefined ? readProbeState(bystander, signal) !== 'alive' : endedBy === signal;
}

/** Where it cannot be started nobody stands by: every signal is handed on then. */
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

/** Whether `signal` waits to be dealt with by the bystander, or that has ended. Linux tells; elsewhere nothing does. */
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
