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

/** A meter settles in some ten milliseconds. One that takes longer, on a slow disk, say, is not waited for. */
const SETTLING_MS = 1000;

export function hooksFor(host: Host): ProgramHooks {
  return {
    beforeCommand: catchUp,
    beforeReport: (paths, settings) => refreshHistory(host, paths, settings),
  };
}

/** Records what metered runs left: a database they could not write to, an end they did not live to see. */
async function catchUp(paths: Paths, settings: Settings): Promise<void> {
  const hasPending = listPending(paths).length > 0 || !openMirrorQueue(paths.mirrorDirectory).isEmpty();
  if (!existsSync(paths.database) && !hasPending) return;
  try {
    const store = openStore(paths.database, { mode: 'write' });
    await untilRunsAreSettled(store, SETTLING_MS);
    // Mostly nothing is left to do, and what would do it takes longer to load than a report to make.
    if (hasPending || store.listOpenInvocations().length > 0) {
      const { catchUpAlone } = await import('../catch-up.js');
      await catchUpAlone(store, paths, settings);
    }
    store.close();
  } catch {
    // A database that cannot be written can still be read; the command says what is wrong with one that cannot.
  }
}

/** Takes in what past sessions have become since the last time. What fails is told: a report is made all the same. */
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
    if (willBeTold(error)) return;
    host.stderr.write(`Past sessions were not taken in, so newer usage may be missing: ${messageOf(error)}\n`);
  }
}

/** What keeps the report from being made as well is said there, once. */
function willBeTold(error: unknown): boolean {
  return error instanceof StoreError && ['driver', 'newer'].includes(error.problem);
}
