import type { Health, Untold } from '../store/health.js';
import { cleanText, formatCount, formatPlural, formatShare } from './amounts.js';
import { PRICE_ADVICE } from './price-list-text.js';
import { SCHEMA_VERSION } from './sums-json.js';
import { type TableOptions, wrapText } from './table.js';

/** `attention`: the reader should follow the advice. `note`: good to know, nothing needs to be done. */
export type CheckStatus = 'ok' | 'note' | 'attention';

export interface Check {
  readonly name: string;
  readonly status: CheckStatus;
  readonly text: string;
  readonly advice?: string | undefined;
}

export function checkHealth({ faults, shares, unpriced, unreadableFiles, untold, disagreements }: Health): Check[] {
  const total = shares.reduce((sum, { responses }) => sum + responses, 0);
  const list = shares.map(({ source, responses }) => `${formatShare(responses / total)} ${source}`);
  const models = unpriced.map(({ model, responses }) => `${model} (${formatPlural(responses, 'response')})`);
  const [newest] = disagreements;
  return [
    attend('integrity', faults.length === 0 ? 'whole' : undefined, {
      text: faults.join('; '),
      advice: 'Keep a copy, then save what can be read: sqlite3 usage.db .recover | sqlite3 new.db',
    }),
    {
      name: 'counts',
      status: 'ok',
      text: total === 0 ? 'no responses yet' : `${formatPlural(total, 'response')}: ${list.join(', ')}`,
    },
    attend('prices', models.length === 0 ? 'every response has one' : undefined, {
      text: `none is known for ${models.join(', ')}, or for a fee of theirs`,
      advice: PRICE_ADVICE,
    }),
    checkFiles(unreadableFiles),
    checkUntold(untold),
    attend('evidence', newest === undefined ? 'no disagreement in the last week' : undefined, {
      text: `${formatPlural(disagreements.length, 'disagreement')} in the last week, the newest: ${newest?.reason}`,
      advice: `See codex-usage run ${newest?.runId} --project ${newest?.projectId} --notes; the best evidence was counted.`,
    }),
  ];
}

/** A check that is fine where there is a text that says so, and otherwise needs attention. */
function attend(name: string, fine: string | undefined, trouble: Pick<Check, 'text' | 'advice'>): Check {
  return fine === undefined ? { name, status: 'attention', ...trouble } : { name, status: 'ok', text: fine };
}

function checkFiles({ count, named }: Health['unreadableFiles']): Check {
  const name = 'session files';
  if (count === 0) return { name, status: 'ok', text: 'all that were imported could be read' };
  const listed = named.map(({ path, problem }) => `${path}: ${problem ?? 'lines that cannot be read'}`);
  const more = count > named.length ? [`and ${formatCount(count - named.length)} more`] : [];
  return {
    name,
    status: 'note',
    text: `${formatPlural(count, 'file')} of which not all could be read; ${[...listed, ...more].join('; ')}`,
    advice: 'All else in them is counted. What these lines used, if anything, is not known.',
  };
}

/** Checks for usage of Claude Code of which no file says how much it was. */
function checkUntold({ files, responses, shortRuns }: Untold): Check {
  const name = 'untold';
  const [inFiles, ofRuns] = [formatPlural(files, 'file'), formatPlural(shortRuns, 'run')];
  const inRecord = formatPlural(responses, 'response');
  const ofFiles = `at least ${inRecord} of compactions or prompt hooks, in ${inFiles}, without tokens`;
  const ofTotals = `${ofRuns} with a total below their messages, so that nothing is known of what else they used`;
  const parts = [...(files > 0 ? [ofFiles] : []), ...(shortRuns > 0 ? [ofTotals] : [])];
  if (parts.length === 0) return { name, status: 'ok', text: 'nothing that Claude Code is known to have used' };
  return {
    name,
    status: 'note',
    text: `of Claude Code: ${parts.join('; ')}`,
    advice: 'Claude Code 2.1.300 and later tells a total at the end of a session, unless it is killed.',
  };
}

const MARKS: Readonly<Record<CheckStatus, string>> = { ok: '✓', note: '·', attention: '!' };

/** Renders the checks, a paragraph each. Ends with a newline. */
export function renderDoctor(checks: readonly Check[], { width, paint }: TableOptions): string {
  const longest = Math.max(...checks.map(({ name }) => name.length));
  const indent = ' '.repeat(longest + 4);
  const lines = checks.flatMap(({ name, status, text, advice }) => {
    const mark = status === 'attention' ? paint('yellow', MARKS[status]) : paint('green', MARKS[status]);
    const body = `${name.padEnd(longest)}  ${wrapText(cleanText(text), width, indent)}`;
    return [`${mark} ${body}`, ...(advice ? [`${indent}${wrapText(cleanText(advice), width, indent)}`] : [])];
  });
  const count = checks.filter(({ status }) => status === 'attention').length;
  const end =
    count === 0 ? 'All is well.' : `${formatCount(count)} of these ${count === 1 ? 'needs' : 'need'} attention.`;
  return `${lines.join('\n')}\n\n${paint('bold', end)}\n`;
}

export function toDoctorJson(checks: readonly Check[]): object {
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'doctor',
    isHealthy: !checks.some(({ status }) => status === 'attention'),
    checks: checks.map(({ name, status, text, advice }) => ({ name, status, text, advice: advice ?? null })),
  };
}
