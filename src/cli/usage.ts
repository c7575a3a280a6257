import { existsSync } from 'node:fs';
import process from 'node:process';
import type { Paths } from '../config.js';
import { runProgram } from './commands/program.js';

for (const stream of [process.stdout, process.stderr]) stream.on('error', leaveQuietly);

process.exitCode = await runProgram(
  { args: process.argv.slice(2), env: process.env, cwd: process.cwd(), stdout: process.stdout, stderr: process.stderr },
  { beforeCommand },
);

/** Records what metered runs left: a database they could not write to, an end they did not live to see. */
async function beforeCommand(paths: Paths): Promise<void> {
  const { database, pendingDirectory, spareDirectory, logFile } = paths;
  if (![database, pendingDirectory, spareDirectory].some((path) => existsSync(path))) return;
  const [{ openStore }, { catchUp }, { createPriceBook }, { openLog }] = await Promise.all([
    import('../store/store.js'),
    import('./catch-up.js'),
    import('../pricing/prices.js'),
    import('../log.js'),
  ]);
  const log = openLog(logFile);
  try {
    const store = openStore(database, { mode: 'write' });
    await catchUp({ store, pending: paths, prices: createPriceBook(), log });
    store.close();
  } catch {
    // A database that cannot be written can still be read; the command says what is wrong with one that cannot.
  }
  await log.flush();
}

/** Whoever read us has seen enough (`| head`): that is no error. */
function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}
