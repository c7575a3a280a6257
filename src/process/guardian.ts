import { spawn } from 'node:child_process';
import { Socket } from 'node:net';

/** Ends Codex should this process be killed by SIGKILL, which it cannot hand on. */
export interface Guardian {
  /** Ends the guardian because Codex has ended by itself. */
  dismiss(): void;
}

/** Waits for a line of input. If the input ends without one, the process that should have written it was killed. */
const SCRIPT = 'read -r word || kill -9 "$1"';

/**
 * Starts a shell that waits until Codex has ended. It is for runs without a meter, which does the same. It has a session
 * of its own, so that what is sent to our process group leaves it alone.
 */
export function callGuardian(codexPid: number): Guardian {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'sh', String(codexPid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: process.env.PATH },
  });
  // On a system without a shell there is no guardian.
  shell.on('error', () => undefined);
  shell.unref();
  const { stdin } = shell;
  stdin?.on('error', () => undefined);
  if (stdin instanceof Socket) stdin.unref();
  return { dismiss: () => void stdin?.end('ended\n') };
}
