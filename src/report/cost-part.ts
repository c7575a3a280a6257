import type { Scope } from '../store/queries.js';
import { formatCount } from './amounts.js';
import type { CostReport, InvocationReport } from './cost-report.js';
import { ReportError } from './error.js';
import { sumParts } from './figures.js';
import { groupBy } from './groups.js';
import type { Part } from './selector.js';

/** What a report is made of. */
export type CostParts = Pick<CostReport, 'invocations' | 'unmetered'>;

/** Leaves of `all` what belongs to `part`. Throws a ReportError that says what there is when that is nothing. */
export function selectPart(all: CostParts, scope: Scope, part: Part | undefined): CostParts {
  if (!part) return all;
  const { phase, iteration, model } = part;
  const invocations = all.invocations.filter(({ invocation: one }) => {
    return (phase ?? one.phase) === one.phase && (iteration ?? one.iteration) === one.iteration;
  });
  // What was not metered has neither a phase nor an iteration.
  const unmetered = phase === undefined && iteration === undefined ? all.unmetered : [];
  if (invocations.length + unmetered.length === 0) throw explainNothing(all, scope, part);
  if (model === undefined) return { invocations, unmetered };
  const isWanted = toMatcher(model);
  const ofModel = { invocations: selectModels(invocations, isWanted), unmetered: selectModels(unmetered, isWanted) };
  if (ofModel.invocations.length + ofModel.unmetered.length > 0) return ofModel;
  throw explainNoModel({ invocations, unmetered }, model);
}

/** `phase reviewer, iteration 3, model gpt-5.5`; empty for all of a run. */
export function describePart(part: Part | undefined): string {
  const { phase, iteration, model } = part ?? {};
  return [
    ...(phase === undefined ? [] : [`phase ${phase}`]),
    ...(iteration === undefined ? [] : [`iteration ${formatCount(iteration)}`]),
    ...(model === undefined ? [] : [`model ${model}`]),
  ].join(', ');
}

function selectModels<Report extends Pick<InvocationReport, 'models' | 'responses' | 'figures'>>(
  reports: readonly Report[],
  isWanted: (model: string) => boolean,
): Report[] {
  return reports.flatMap((report) => {
    const models = report.models.filter(({ model }) => isWanted(model));
    const responses = report.responses.filter(({ model }) => isWanted(model));
    return models.length === 0 ? [] : [{ ...report, models, responses, figures: sumParts(models) }];
  });
}

/** Matches names as SQLite's GLOB does in reports over time. */
function toMatcher(pattern: string): (name: string) => boolean {
  const parts = pattern.split(/([*?])/).map((part) => {
    return part === '*' ? '.*' : part === '?' ? '.' : part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  const expression = new RegExp(`^${parts.join('')}$`, 's');
  return (name) => name === pattern || expression.test(name);
}

function explainNothing({ invocations }: CostParts, scope: Scope, { phase, iteration }: Part): ReportError {
  const name = scope.kind === 'run' ? `Run ${scope.runId}` : `Session ${scope.threadId}`;
  const ofPhase = iteration === undefined ? `phase ${phase}` : `${phase} ${iteration}`;
  const wanted = phase === undefined ? `iteration ${iteration}` : ofPhase;
  if (invocations.length === 0) return new ReportError('unknown', `${name} has no ${wanted}: none of it was metered.`);
  const phases = groupBy(invocations, ({ invocation }) => invocation.phase);
  const known = [...phases].map(([of, all]) => {
    return `${of} ${describeNumbers(all.map(({ invocation }) => invocation.iteration))}`;
  });
  const isNumber = scope.kind === 'run' && /^\d+$/.test(phase ?? '');
  const hint = isNumber ? ` Iteration ${phase} of all its phases is ${scope.runId}//${phase}.` : '';
  return new ReportError('unknown', `${name} has no ${wanted}. It has ${known.join(', ')}.${hint}`);
}

function explainNoModel({ invocations, unmetered }: CostParts, model: string): ReportError {
  const models = new Set([...invocations, ...unmetered].flatMap((one) => one.models.map(({ model: name }) => name)));
  return new ReportError('unknown', `Nothing there is of model ${model}. There is: ${[...models].join(', ')}.`);
}

/** `1–4, 7` */
function describeNumbers(numbers: readonly number[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const ranges: [number, number][] = [];
  for (const number of sorted) {
    const last = ranges.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(', ');
}
