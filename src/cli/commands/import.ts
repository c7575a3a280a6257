import { resolve } from 'node:path';
import {
  AGENT_IDS,
  type AgentHomes,
  type AgentId,
  describeSessionFolders,
  findHomes,
  listSessionFolders,
  nameAgents,
  nameHomeVariables,
} from '../../agents/registry.js';
import { listMirrorSettings, listPrices } from '../../config/settings.js';
import { UsageError } from '../../errors.js';
import type { BackfillOptions, BackfillOutcome, BackfillSummary } from '../../history/backfill/backfill.js';
import { type ImportSummary, importHistory } from '../../history/import.js';
import { cleanText, formatCount, formatPlural, formatShare } from '../../report/amounts.js';
import { SCHEMA_VERSION } from '../../report/sums-json.js';
import { type Call, defineCommand, type OptionSpec } from './command.js';
import { withMirror } from './mirroring.js';
import { createProgressBar } from './progress-bar.js';
import { formatJson, writeFailure } from './show.js';

const MOST_PROBLEMS = 20;
const MB = 1_000_000;

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

function renderImportText(summary: ImportSummary, homes: AgentHomes): string {
  const { files, filesRead, bytesRead, added, duplicates, unreadableLines, problems } = summary;
  if (files === 0 && problems.length === 0) {
    const places = listSessionFolders(homes).map((folder) => `  ${cleanText(folder)}`);
    return ['There are no past sessions in', ...places, `${nameHomeVariables()} name other places.`, ''].join('\n');
  }
  const lines = [
    `${formatPlural(files, 'session file')}: ${formatCount(filesRead)} read (${(bytesRead / MB).toFixed(1)} MB), ${formatCount(files - filesRead)} unchanged`,
    `${formatPlural(added, 'response')} added, ${formatPlural(duplicates, 'duplicate')} recognised, ${formatPlural(unreadableLines, 'unreadable line')}`,
  ];
  if (problems.length > 0) lines.push('', `${formatPlural(problems.length, 'file')} with problems:`);
  for (const { path, reason } of problems.slice(0, MOST_PROBLEMS)) lines.push(`  ${cleanText(path)}: ${reason}`);
  if (problems.length > MOST_PROBLEMS)
    lines.push(`  … ${formatCount(problems.length - MOST_PROBLEMS)} more: --json lists all`);
  return `${lines.join('\n')}\n`;
}

const OUTCOMES: readonly (readonly [BackfillOutcome, string])[] = [
  ['actual', 'from session files'],
  ['parsed', "from the logs' own token lines"],
  ['estimated', 'from prompts and results'],
  ['metered', 'had been metered'],
  ['none', 'used nothing that is not recorded already'],
  ['unknown', 'tell nothing of what was used'],
];

/** Counts what was backfilled, with the share of each source. */
function renderBackfillText({ runs, invocations, byOutcome }: BackfillSummary): string {
  if (invocations === 0) {
    return '\nThere are no runs to backfill: no <run>/<phase>/iter-<n>/ with a codex.log, prompt.txt or result.json.\n';
  }
  const lines = OUTCOMES.filter(([outcome]) => byOutcome[outcome] > 0).map(([outcome, meaning]) => {
    const share = formatShare(byOutcome[outcome] / invocations).padStart(6);
    return `  ${outcome.padEnd(10)}${formatCount(byOutcome[outcome]).padStart(6)}${share}  ${meaning}`;
  });
  return `\n${formatPlural(invocations, 'invocation')} of ${formatPlural(runs, 'run')} backfilled:\n${lines.join('\n')}\n`;
}
