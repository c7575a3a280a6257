import { spawn } from 'node:child_process';
import { messageOf } from '../errors.js';

/**
 * Writes a line to standard output (1) or standard error (2). Resolves with why it could not be written, and with
 * undefined where it was or where nobody reads any more. `cat` does it, for `patienceMs` at most, because Node cannot end
 * while it waits in write(2) for a reader that takes nothing.
 */
export function writeLine(fd: 1 | 2, line: string, patienceMs: number): Promise<string | undefined> {
  // In a session of its own: what is sent to our process group must not cut the line off.
  const writer = spawn('cat', { stdio: ['pipe', fd, 'ignore'], env: { PATH: process.env.PATH }, detached: true });
  const patience = setTimeout(() => writer.kill('SIGKILL'), patienceMs);
  return new Promise<string | undefined>((resolve) => {
    writer.once('error', (error) => resolve(messageOf(error)));
    writer.once('exit', (code, signal) => {
      if (code === 0 || signal === 'SIGPIPE') resolve(undefined);
      else resolve(signal ? 'its reader took nothing for too long' : 'it does not take it');
    });
    writer.stdin?.on('error', () => undefined).end(line);
  }).finally(() => clearTimeout(patience));
}
