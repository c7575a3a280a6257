import { type Paths, readHistoryHomes } from '../../config/paths.js';
import { importHistory } from '../../history/import.js';
import type { PriceEntry } from '../../pricing/price.js';
import { explainFailure } from './failure.js';
import type { Host } from './host.js';
import type { ImportRequest } from './import-options.js';
import { renderImportText, toImportJson } from './import-text.js';
import { createProgressBar } from './progress-bar.js';
import { formatJson } from './show.js';

/** Takes in what `request` names, and writes a summary to the host. Returns the exit code. */
export async function runImportCommand(
  request: ImportRequest,
  host: Host,
  { database, userPrices }: Paths & { readonly userPrices: readonly PriceEntry[] },
): Promise<number> {
  const { codex, claude } = readHistoryHomes(host.env);
  const homes = {
    codex: request.provider === 'claude' ? [] : codex,
    claude: request.provider === 'codex' ? [] : claude,
  };
  const bar = createProgressBar(host);
  try {
    const summary = await importHistory({ database, homes, userPrices, onProgress: bar.show });
    bar.clear();
    host.stdout.write(request.format === 'json' ? formatJson(toImportJson(summary)) : renderImportText(summary, homes));
    return 0;
  } catch (error) {
    bar.clear();
    const failure = explainFailure(error, { database, timeZone: undefined });
    if (!failure) throw error;
    if (request.format === 'json') host.stdout.write(formatJson(failure.json));
    host.stderr.write(failure.text);
    return 1;
  }
}
