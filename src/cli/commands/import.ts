import { resolve } from 'node:path';
import { AGENT_IDS, findHomes } from '../../agents/registry.js';
import { UsageError } from '../../errors.js';
import type { BackfillOptions, BackfillSummary } from '../../history/backfill/backfill.js';
import { importHistory } from '../../history/import.js';
import type { PriceEntry } from '../../pricing/price.js';
import { explainFailure } from './failure.js';
import type { Host } from './host.js';
import type { ImportRequest } from './import-options.js';
import { renderBackfillText, renderImportText, toImportJson } from './import-text.js';
import { type MirrorSettings, withMirror } from './mirroring.js';
import { createProgressBar } from './progress-bar.js';
import { formatJson } from './show.js';

/** Takes in what `request` names, and writes a summary to the host. Returns the exit code. */
export async function runImportCommand(
  request: ImportRequest,
  host: Host,
  settings: MirrorSettings & { readonly userPrices: readonly PriceEntry[] },
): Promise<number> {
  const { database, userPrices } = settings;
  const homes = findHomes(host.env, request.provider === 'all' ? AGENT_IDS : [request.provider]);
  const bar = createProgressBar(host);
  try {
    const summary = await importHistory({ database, homes, userPrices, callingThread: 'reads', onProgress: bar.show });
    bar.clear();
    const { runs, projectId } = request;
    const directory = runs === undefined ? undefined : resolve(host.cwd, runs);
    const backfill =
      directory === undefined
        ? undefined
        : await withMirror(settings, (mirror) => backfillFrom({ database, userPrices, directory, projectId, mirror }));
    const text = () => renderImportText(summary, homes) + (backfill ? renderBackfillText(backfill) : '');
    host.stdout.write(request.format === 'json' ? formatJson(toImportJson(summary, backfill)) : text());
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

async function backfillFrom(options: BackfillOptions): Promise<BackfillSummary> {
  const { backfillRuns } = await import('../../history/backfill/backfill.js');
  try {
    return await backfillRuns(options);
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (path !== options.directory) throw error;
    throw new UsageError(
      `The directory ${options.directory} cannot be read (${code}): --runs wants a runner's directory.`,
    );
  }
}
