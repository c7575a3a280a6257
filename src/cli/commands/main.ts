import { existsSync } from 'node:fs';
import type { Paths } from '../../config/paths.js';
import type { Settings } from '../../config/settings.js';
import { untilRunsAreSettled } from '../../meter/settling.js';
import { openMirrorQueue } from '../../store/mirror-queue.js';
import { listPending } from '../../store/pending.js';
import { openStore } from '../../store/store.js';
import type { Host } from './host.js';
import { runProgram } from './program.js';
import { refreshHistory } from './refresh.js';

/** A meter settles in some ten milliseconds. One that takes longer, on a slow disk, say, is not waited for. */
const SETTLING_MS = 1000;

/** Runs the command line of `host` on a record that is brought up to date before. Returns the exit code. */
export function runCommand(host: Host): Promise<number> {
  return runProgram(host, {
    beforeCommand: takeInWhatIsLeft,
    beforeReport: (paths, settings) => refreshHistory(host, paths, settings),
  });
}

/** Records what metered runs left: a database they could not write to, an end they did not live to see. */
async function takeInWhatIsLeft(paths: Paths, settings: Settings): Promise<void> {
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
