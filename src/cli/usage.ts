import process from 'node:process';
import type { Host } from './commands/host.js';
import { untilStopped, wasStopped } from './stop.js';

for (const stream of [process.stdout, process.stderr]) stream.on('error', leaveQuietly);

const host: Host = {
  args: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
  untilStopped,
};
const [command, ...args] = host.args;
if (command !== 'statusline' || !(await showStatusline(args))) {
  const { runCommand } = await import('./commands/main.js');
  process.exitCode = await runCommand(host);
}
// A thread that still reads past sessions is not waited for: what it has not recorded is read the next time.
if (wasStopped()) process.exit();

/** A prompt waits for this line: it does without what the other commands load. False where that must explain something. */
async function showStatusline(options: readonly string[]): Promise<boolean> {
  const { parseStatusline, runStatusline } = await import('./commands/statusline.js');
  const request = parseStatusline(options);
  if (!request) return false;
  try {
    await runStatusline(request, host);
    return true;
  } catch {
    // Whatever is wrong with the options is explained by the slower way.
    return false;
  }
}

/** Whoever read us has seen enough (`| head`): that is no error. */
function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}
