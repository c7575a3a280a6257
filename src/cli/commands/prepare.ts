import { existsSync } from 'node:fs';
import { findHomes } from '../../agents/registry.js';
import type { Paths } from '../../config/paths.js';
import { listPrices, type Settings } from '../../config/settings.js';
import { messageOf, StoreError } from '../../errors.js';
import { importHistory } from '../../history/import.js';
import { untilRunsAreSettled } from '../../meter/settling.js';
import { openMirrorQueue } from '../../store/mirror-queue.js';
import { listPending } from '../../store/pending.js';
import { openStore } from '../../store/store.js';
import type { Host } from './host.js';
import type { ProgramHooks } from './program.js';
import { createProgressBar } from './progress-bar.js';

/** A meter settles in some ten milliseconds. A command waits no longer than this for one that is slow. */
const SETTLING_MS = 1000;

/** What every command but the status line does before it reads the database. */
export function hooksFor(host: Host): ProgramHooks {
  return {
    beforeCommand: catchUp,
    beforeReport: (paths, settings) => refreshHistory(host, paths, settings),
  };
}

/** Catches up: takes in pending changes, and settles runs whose meter was killed. */
async function catchUp(paths: Paths, settings: Settings): Promise<void> {
  const hasPending = listPending(paths).length > 0 || !openMirrorQueue(paths.mirrorDirectory).isEmpty();
  if (!existsSync(paths.database) && !hasPending) return;
  try {
    const store = openStore(paths.database, { mode: 'write' });
    await untilRunsAreSettled(store, SETTLING_MS);
    // Mostly there is nothing to do, and the modules that do it take longer to load than a report takes.
    if (hasPending || store.listOpenInvocations().length > 0) {
      const { catchUpAlone } = await import('../catch-up.js');
      await catchUpAlone(store, paths, settings);
    }
    store.close();
  } catch {
    // A database that cannot be written can still be read; the command says what is wrong with one that cannot.
  }
}

/** Imports what is new in past sessions. A failure is printed, and the report is made without it. */
async function refreshHistory(host: Host, { database }: Paths, settings: Settings): Promise<void> {
  const bar = createProgressBar(host);
  try {
    const userPrices = listPrices(settings);
    await importHistory({
      database,
      homes: findHomes(host.env),
      userPrices,
      callingThread: 'reads',
      onProgress: bar.show,
    });
    bar.clear();
  } catch (error) {
    bar.clear();
    if (isReportedLater(error)) return;
    host.stderr.write(`Past sessions were not taken in, so newer usage may be missing: ${messageOf(error)}\n`);
  }
}

/** True for what keeps the report from being made too, which then says so. */
function isReportedLater(error: unknown): boolean {
  return error instanceof StoreError && ['driver', 'newer'].includes(error.problem);
}
