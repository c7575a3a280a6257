import { resolve } from 'node:path';
import { AGENT_IDS, type AgentId, describeSessionFolders, findHomes, nameAgents } from '../../agents/registry.js';
import { listMirrorSettings, listPrices } from '../../config/settings.js';
import { UsageError } from '../../errors.js';
import type { BackfillOptions, BackfillSummary } from '../../history/backfill/backfill.js';
import { importHistory } from '../../history/import.js';
import { SCHEMA_VERSION } from '../../report/sums-json.js';
import { type Call, defineCommand, type OptionSpec } from './command.js';
import { renderBackfillText, renderImportText } from './import-text.js';
import { withMirror } from './mirroring.js';
import { createProgressBar } from './progress-bar.js';
import { formatJson, writeFailure } from './show.js';

const OPTIONS = {
  provider: {
    ...{ value: '<name>', text: 'only the sessions of one', initial: 'all' },
    choices: [...AGENT_IDS, 'all'] as readonly (AgentId | 'all')[],
  },
  runs: { value: '<dir>', text: "backfill runs from a runner's directory: <run>/<phase>/iter-<n>/codex.log, …" },
  project: {
    value: '<id>',
    text: 'with --runs: the project of the runs (default: the git work tree of the directory)',
  },
  json: { short: 'j', text: 'a summary as JSON instead of text' },
} satisfies Record<string, OptionSpec>;

const HELP = `
It reads the session files of each agent. A variable may name several folders, with commas between them.
${describeSessionFolders()}

Each response counts once: forks, archived copies and what codex-metered has recorded already are
recognised. A second import reads only what has changed. The reports do it first, unless --no-import.

Files that cannot be read are listed; they are no reason to fail.

With --runs it also records runs that were made before they were metered, from the codex.log, prompt.txt
and result.json that a runner kept of each: from the session file where that is still there (actual),
from the log's own token lines (parsed), else from the prompt and the result (estimated).

Examples:
  codex-usage import                   all past sessions
  codex-usage import --json            how many files, responses, duplicates, unreadable lines
  codex-usage import --runs ~/runs     and the runs that a runner made there
  CODEX_HOME=~/.codex,/backup/codex codex-usage import
`;

export const importing = defineCommand({
  name: 'import',
  summary: `take in past sessions of ${nameAgents()}`,
  description: `Takes in past sessions of ${nameAgents()}, each response once.`,
  options: OPTIONS,
  help: HELP,
  async run(call) {
    const { project, runs } = call.options;
    if (project !== undefined && runs === undefined) throw new UsageError('--project goes with --runs.');
    await call.prepare();
    return importAll(call);
  },
});

async function importAll(call: Call<typeof OPTIONS>): Promise<number> {
  const { host, options, paths, settings } = call;
  const { database } = paths;
  const userPrices = listPrices(settings);
  const homes = findHomes(host.env, options.provider === 'all' ? AGENT_IDS : [options.provider]);
  const bar = createProgressBar(host);
  try {
    const summary = await importHistory({ database, homes, userPrices, callingThread: 'reads', onProgress: bar.show });
    bar.clear();
    const { runs, project: projectId } = options;
    const directory = runs === undefined ? undefined : resolve(host.cwd, runs);
    const backfill =
      directory === undefined
        ? undefined
        : await withMirror({ ...paths, ...listMirrorSettings(settings) }, (mirror) =>
            backfillFrom({ database, userPrices, directory, projectId, mirror }),
          );
    const text = () => renderImportText(summary, homes) + (backfill ? renderBackfillText(backfill) : '');
    const json = { schemaVersion: SCHEMA_VERSION, ...summary, ...(backfill && { backfill }) };
    host.stdout.write(options.json ? formatJson(json) : text());
    return 0;
  } catch (error) {
    bar.clear();
    return writeFailure(error, call);
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
