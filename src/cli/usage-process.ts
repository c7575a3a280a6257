import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../errors.js';
import { readCwd } from '../files/folders.js';
import type { CommandList } from './commands/command.js';
import type { Host } from './commands/host.js';
import { type ProgramHooks, runProgram } from './commands/program.js';
import { openOutput } from './output.js';

/** Runs this process's command line as that of codex-usage, and ends the process as the command has ended. */
export function runUsage(commands: CommandList, hooksFor: (host: Host) => ProgramHooks): void {
  const stdout = openOutput(1, () => process.stdout.on('error', leaveQuietly));
  const stderr = openOutput(2, () => process.stderr.on('error', leaveQuietly));
  let wasStopped = false;
  const host: Host = {
    args: process.argv.slice(2),
    env: process.env,
    cwd: readCwd(),
    meter: fileURLToPath(new URL('./meter.cjs', import.meta.url)),
    stdout,
    stderr,
    async untilStopped() {
      await untilSignal();
      wasStopped = true;
    },
  };
  const run = async () => {
    process.exitCode = await runProgram(host, commands, hooksFor(host));
    // A thread that still reads past sessions is not waited for: the next import reads what it has not recorded. Without this
    // call Node also takes 10 ms after an import to free its memory.
    if (wasStopped || (stdout.isWritten && stderr.isWritten)) process.exit();
  };
  void run().catch((error: unknown) => {
    // For example a package that is not installed. A command explains its other errors itself.
    stderr.write(`codex-usage: ${messageOf(error)}\n`);
    process.exitCode = 1;
  });
}

/** Ends without an error when the reader has seen enough, as in `| head`. */
function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}

/** Resolves at the first signal to end. Without a call such a signal ends the process; a second signal always does. */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => resolve());
  });
}
