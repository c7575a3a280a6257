import { existsSync } from 'node:fs';
import process from 'node:process';
import type { Paths } from '../config/paths.js';
import { listPrices, type Settings } from '../config/settings.js';
import { openMirrorQueue } from '../store/mirror-queue.js';
import { listPending } from '../store/pending.js';
import type { Store } from '../store/store.js';
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
  const { runProgram } = await import('./commands/program.js');
  process.exitCode = await runProgram(host, { beforeCommand, beforeReport });
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

async function beforeReport(paths: Paths, settings: Settings): Promise<void> {
  const { refreshHistory } = await import('./commands/refresh.js');
  await refreshHistory(host, paths, settings);
}

/** Records what metered runs left: a database they could not write to, an end they did not live to see. */
async function beforeCommand(paths: Paths, settings: Settings): Promise<void> {
  const hasPending = listPending(paths).length > 0 || openMirrorQueue(paths.mirrorDirectory).list(1).length > 0;
  if (!existsSync(paths.database) && !hasPending) return;
  const { openStore } = await import('../store/store.js');
  try {
    const store = openStore(paths.database, { mode: 'write' });
    // Mostly nothing is left to do, and what would do it takes longer to load than a report to make.
    if (hasPending || store.listOpenInvocations().length > 0) await catchUpWith(store, paths, settings);
    store.close();
  } catch {
    // A database that cannot be written can still be read; the command says what is wrong with one that cannot.
  }
}

async function catchUpWith(store: Store, paths: Paths, settings: Settings): Promise<void> {
  const [{ catchUp }, { Mirror }, { createPriceBook }, { openLog }] = await Promise.all([
    import('./catch-up.js'),
    import('../store/mirror.js'),
    import('../pricing/prices.js'),
    import('../log.js'),
  ]);
  const log = openLog(paths.logFile);
  const prices = createPriceBook({ user: listPrices(settings) });
  const mirror = new Mirror({ costRecords: undefined, ...paths }, log);
  await catchUp({ store: mirror.watch(store), pending: paths, mirror, prices, log });
  await log.flush();
}

/** Whoever read us has seen enough (`| head`): that is no error. */
function leaveQuietly(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}
