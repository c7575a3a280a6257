import type { MirrorStatus } from '../store/mirror-status.js';
import type { UndoSummary } from '../store/mirror-undo.js';
import { cleanText, formatCount, formatPlural } from './amounts.js';
import type { Check } from './doctor.js';
import { PRICE_ADVICE } from './price-list-text.js';
import { SCHEMA_VERSION } from './sums-json.js';
import { type TableOptions, wrapText } from './table.js';

/** Checks whether another program's table of cost records is up to date. */
export function checkMirror(status: MirrorStatus): Check {
  const name = 'cost records';
  const { path, problem, beside, lost, unpriced } = status;
  const text = `${path}: ${[...describeStanding(status), ...describeWaiting(status)].join('; ')}`;
  if (problem !== undefined) {
    const advice = 'Nothing is lost: what is to be written there waits, and each command tries it again.';
    return {
      name,
      status: 'attention',
      text: `${path} cannot be used: ${problem}; ${describeStanding(status).join('; ')}`,
      advice,
    };
  }
  if (beside > 0) return { name, status: 'attention', text, advice: BESIDE_ADVICE };
  if (lost > 0) return { name, status: 'attention', text, advice: 'codex-usage mirror writes them again.' };
  if (unpriced.length > 0) return { name, status: 'attention', text, advice: PRICE_ADVICE };
  return { name, status: status.waiting.length > 0 ? 'note' : 'ok', text };
}

const BESIDE_ADVICE =
  'With cost_records_estimates = "replace", which is the default, ours take their place where they are written around the end of an invocation; see docs/runner.md.';

function describeStanding({ invocations, replaced, undone, beside, lost, unpriced }: MirrorStatus): string[] {
  const models = unpriced.map(({ model, responses }) => `${model} (${formatPlural(responses, 'response')})`);
  return [
    `${formatPlural(invocations, 'invocation')} there, ${formatCount(replaced)} of them instead of its own rows`,
    ...(beside > 0 ? [`${formatPlural(beside, 'row')} of its own beside ours, so that its sums count twice`] : []),
    ...(lost > 0 ? [`${formatPlural(lost, 'invocation')} that it had and has no more`] : []),
    ...(undone > 0 ? [`${formatPlural(undone, 'invocation')} taken out by codex-usage mirror --undo`] : []),
    ...(models.length > 0 ? [`unpriced, so that they count as nothing there: ${models.join(', ')}`] : []),
  ];
}

function describeWaiting({ waiting }: MirrorStatus): string[] {
  return waiting.map(({ reason, invocations }) => `${formatPlural(invocations, 'invocation')} in the queue: ${reason}`);
}

/** Renders the state of each table. Ends with a newline. */
export function renderMirror(statuses: readonly MirrorStatus[], { width, paint }: TableOptions): string {
  if (statuses.length === 0) return `${wrapText(NONE, width)}\n`;
  const sections = statuses.map((status) => {
    const problem = status.problem === undefined ? [] : [`cannot be used: ${status.problem}`];
    const lines = [...problem, ...describeStanding(status), ...describeWaiting(status)];
    const items = lines.map((line) => `  ${wrapText(cleanText(line), width - 2, '    ')}`);
    return [paint('bold', cleanText(status.path)), ...items].join('\n');
  });
  return `${sections.join('\n\n')}\n`;
}

const NONE =
  "No other program's table is filled: CODEX_METERED_COST_RECORDS or cost_records in codex-metered.toml names its database (docs/runner.md).";

export function toMirrorJson(statuses: readonly MirrorStatus[]): object {
  const databases = statuses.map(({ problem, ...status }) => ({ ...status, problem: problem ?? null }));
  return { schemaVersion: SCHEMA_VERSION, kind: 'mirror', databases };
}

export function renderUndo(
  path: string,
  { removedRows, restoredRows, refused }: UndoSummary,
  { width }: TableOptions,
): string {
  const lines = [
    `${path}: took out ${formatPlural(removedRows, 'row')} of ours, and put back ${formatPlural(restoredRows, 'row')} of its own.`,
    ...refused.map(({ id, reason }) => `The row ${id} could not be put back: ${reason}.`),
    'What is metered from now on is written there as long as it is named in the settings. To have the rest there again: codex-usage mirror --redo.',
  ];
  return `${lines.map((line) => wrapText(cleanText(line), width)).join('\n')}\n`;
}

export function renderRedo(path: string, invocations: number, { width }: TableOptions): string {
  const text = `${path}: ${formatPlural(invocations, 'invocation')} that had been taken out are written again.`;
  return `${wrapText(cleanText(text), width)}\n`;
}
