import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { constants } from 'node:os';

/** Tells whether a signal that has reached us was sent to Codex too, as a terminal's Ctrl-C is. */
export interface Witness {
  /** Resolves with true when `signal`, which we have just been sent, went to all of our process group. */
  saw(signal: NodeJS.Signals): Promise<boolean>;
}

interface Bystander {
  readonly pid: number | undefined;
  /** Resolves with the signal that has ended it; never, where there is no such program. */
  readonly endedBy: Promise<NodeJS.Signals>;
  /** Its end tells of one signal, and of no other that came at the same time. */
  hasTold: boolean;
}

/** How long the witness has to end by a signal that we have seen. */
const PATIENCE_MS = 150;

/**
 * A terminal sends what is typed (Ctrl-C, Ctrl-\) to each process of its foreground group, to Codex as to us, while
 * `kill` reaches us alone; Node does not say which it was. So a process that does nothing stands beside Codex in our
 * group: a signal that ends it was sent to all. It ends when we do, because its input does then. In the few milliseconds until another
 * has taken the place of one that has ended, a signal is handed on, and Codex may get it twice: better than not at all.
 * Undefined without a terminal.
 */
export function callWitness(): Witness | undefined {
  if (!hasTerminal()) return undefined;
  let current = standBy();
  return {
    async saw(signal) {
      const bystander = current;
      const patience = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS, undefined));
      const endedBy = (await Promise.race([bystander.endedBy, patience])) ?? (isStruck(bystander, signal) && signal);
      if (endedBy && current === bystander) current = standBy();
      if (endedBy !== signal || bystander.hasTold) return false;
      bystander.hasTold = true;
      return true;
    },
  };
}

function standBy(): Bystander {
  const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'], env: { PATH: process.env.PATH } });
  child.on('error', () => undefined);
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  const endedBy = new Promise<NodeJS.Signals>((resolve) => {
    child.once('exit', (_code, signal) => signal && resolve(signal));
  });
  return { pid: child.pid, endedBy, hasTold: false };
}

/**
 * Whether `signal` has been sent to the bystander although nobody has told us of its end: on a busy machine it may not
 * even have come to die of it. Linux tells; elsewhere nothing does.
 */
function isStruck({ pid }: Bystander, signal: NodeJS.Signals): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const pending = BigInt(`0x${/^ShdPnd:\t(\w+)$/m.exec(status)?.[1] ?? '0'}`);
    return /^State:\t[ZX]/m.test(status) || ((pending >> BigInt(constants.signals[signal] - 1)) & 1n) === 1n;
  } catch {
    return false;
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
