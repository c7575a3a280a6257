import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { Socket } from 'node:net';

/** Tells whether a signal that has reached us was sent to Codex too, as a terminal's Ctrl-C is. */
export interface Witness {
  /** Resolves with true when `signal`, which we have just been sent, went to all of our process group. */
  saw(signal: NodeJS.Signals): Promise<boolean>;
}

interface Bystander {
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
 * group: a signal that ends it was sent to all. It ends when we do, because its input does then. Undefined without a
 * terminal.
 */
export function callWitness(): Witness | undefined {
  if (!hasTerminal()) return undefined;
  let current = standBy();
  return {
    async saw(signal) {
      const bystander = current;
      const patience = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS, undefined));
      const endedBy = await Promise.race([bystander.endedBy, patience]);
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
  return { endedBy, hasTold: false };
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
