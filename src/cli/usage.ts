import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../errors.js';
import type { Host } from './commands/host.js';
import { readCwd } from './cwd.js';
import { openOutput } from './output.js';
import { untilStopped, wasStopped } from './stop.js';

const stdout = openOutput(1, () => process.stdout.on('error', leaveQuietly));
const stderr = openOutput(2, () => process.stderr.on('error', leaveQuietly));
const host: Host = {
  args: process.argv.slice(2),
  env: process.env,
  cwd: readCwd(),
  meter: fileURLToPath(new URL('./meter.cjs', import.meta.url)),
  stdout,
  stderr,
  untilStopped,
};
void run().catch((error: unknown) => {
  // Such as a package that is not installed: everything else is said by the command itself.
  stderr.write(`codex-usage: ${messageOf(error)}\n`);
  process.exitCode = 1;
});

async function run(): Promise<void> {
  if (host.args[0] !== 'statusline' || !(await showStatusline())) {
    const { runCommand } = await import('./commands/main.js');
    process.exitCode = await runCommand(host);
  }
  // A thread that still reads past sessions is not waited for: what it has not recorded is read the next time. And what
  // Node takes apart at its own end takes 10 ms after an import.
  if (wasStopped() || (stdout.isWritten && stderr.isWritten)) process.exit();
}

async function showStatusline(): Promise<boolean> {
  const statusline = await import('./commands/statusline.js');
  return statusline.showStatusline(host);
}

/** Whoever read us has seen enough (`| head`): that is no error. */
function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}
