import { findHomes } from '../../agents/registry.js';
import type { Paths } from '../../config/paths.js';
import { listPrices, type Settings } from '../../config/settings.js';
import { messageOf, StoreError } from '../../errors.js';
import { importHistory } from '../../history/import.js';
import type { Host } from './host.js';
import { createProgressBar } from './progress-bar.js';

/** Takes in what past sessions have become since the last time. What fails is told: a report is made all the same. */
export async function refreshHistory(host: Host, { database }: Paths, settings: Settings): Promise<void> {
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
