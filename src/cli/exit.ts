import { closeSync } from 'node:fs';
import { constants } from 'node:os';
import type { Exit } from '../process/child.js';

/** Ends as Codex ended: by its exit code, or by the signal that ended it. */
export function exitAs(exit: Exit, stopForwarding: () => void): void {
  if (exit.signal === undefined) leave(exit.code);
  stopForwarding();
  // Node ignores SIGPIPE and SIGXFSZ; a listener that comes and goes gives a signal its own meaning back.
  if (exit.signal === 'SIGPIPE' || exit.signal === 'SIGXFSZ') process.on(exit.signal, noop).off(exit.signal, noop);
  process.kill(process.pid, exit.signal);
  // A signal that does not end Node, such as one that is ignored, leaves the shell's code for it.
  setTimeout(() => leave(128 + (constants.signals[exit.signal] ?? 0)), 100);
}

/** At its exit Node sets the terminal back to what it was, which nobody asked for, and crashes where it is gone (20). */
export function leave(code: number): never {
  for (const fd of [0, 1, 2]) {
    try {
      closeSync(fd);
    } catch {
      // It was closed when we began.
    }
  }
  process.exit(code);
}

function noop(): void {}
