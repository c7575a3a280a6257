import { type AgentHomes, listSessionFolders, nameHomeVariables } from '../../agents/registry.js';
import type { BackfillOutcome, BackfillSummary } from '../../history/backfill/backfill.js';
import type { ImportSummary } from '../../history/import.js';
import { cleanText, formatCount, formatPlural, formatShare } from '../../report/amounts.js';

const MOST_PROBLEMS = 20;
const MB = 1_000_000;

export function renderImportText(summary: ImportSummary, homes: AgentHomes): string {
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
export function renderBackfillText({ runs, invocations, byOutcome }: BackfillSummary): string {
  if (invocations === 0) {
    return '\nThere are no runs to backfill: no <run>/<phase>/iter-<n>/ with a codex.log, prompt.txt or result.json.\n';
  }
  const lines = OUTCOMES.filter(([outcome]) => byOutcome[outcome] > 0).map(([outcome, meaning]) => {
    const share = formatShare(byOutcome[outcome] / invocations).padStart(6);
    return `  ${outcome.padEnd(10)}${formatCount(byOutcome[outcome]).padStart(6)}${share}  ${meaning}`;
  });
  return `\n${formatPlural(invocations, 'invocation')} of ${formatPlural(runs, 'run')} backfilled:\n${lines.join('\n')}\n`;
}
