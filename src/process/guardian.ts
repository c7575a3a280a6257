import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

/** Ends Codex should this process be killed by SIGKILL, which it cannot hand on. */
export interface Guardian {
  /** Codex has ended by itself. */
  dismiss(): void;
}

/** Waits for a word; the end of its input without one means that whoever should have said it is gone. */
const SCRIPT = 'read -r word || kill -9 "$1"';

/**
 * Starts a shell that stands by until Codex has ended. It is for runs without a meter, which does the same. It has a session
 * of its own, so that what is sent to our process group leaves it alone.
 */
export function callGuardian(codexPid: number): Guardian {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'sh', String(codexPid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: process.env.PATH },
  });
  // There may be no shell: then nobody stands by.
  shell.on('error', () => undefined);
  shell.unref();
  const { stdin } = shell;
  stdin?.on('error', () => undefined);
  if (stdin instanceof Socket) stdin.unref();
  return { dismiss: () => void stdin?.end('ended\n') };
}
