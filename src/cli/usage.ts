import process from 'node:process';
import type { Paths } from '../config.js';
import { runProgram } from './commands/program.js';

for (const stream of [process.stdout, process.stderr]) stream.on('error', leaveQuietly);

process.exitCode = await runProgram(
  { args: process.argv.slice(2), env: process.env, cwd: process.cwd(), stdout: process.stdout, stderr: process.stderr },
  { beforeCommand },
);

/** What happens before a command reads the database. */
async function beforeCommand(_paths: Paths): Promise<void> {}

/** Whoever read us has seen enough (`| head`): that is no error. */
function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}
