import { BUDGET_EXIT_CODE } from '../../usage/budget.js';
import { isShortened, measureCacheMiss } from '../../usage/cache-miss.js';
import type { BudgetLevel, InvocationEntry, Sums } from './answers.js';
import { formatUsd } from './format.js';
import { sumUp } from './sums.js';

/** One round of a loop: the invocations of a run that have the same iteration number, whatever their phases. */
export interface Iteration extends Sums {
  readonly number: number;
  readonly invocations: readonly InvocationEntry[];
  /** In the order in which `listPhases` gives them; undefined where the iteration has none of that phase. */
  readonly phases: Readonly<Record<string, Sums | undefined>>;
  /** Against the iteration before, in USD; null where one of the two has no price. */
  readonly changeUsd: number | null;
  readonly modelNames: readonly string[];
  readonly marks: readonly Mark[];
}

/** What is marked in the chart of a long run. */
export type Mark = 'failure' | 'budget' | 'cache miss';

const PHASES = ['builder', 'reviewer', 'chat', 'handoff', 'other'];

/** The phases of a run, in the order that they have everywhere. */
export function listPhases(invocations: readonly InvocationEntry[]): string[] {
  const used = new Set(invocations.map(({ phase }) => phase));
  return [...PHASES.filter((phase) => used.has(phase)), ...[...used].filter((phase) => !PHASES.includes(phase))];
}

/** The iterations of a run, in their order. */
export function listIterations(invocations: readonly InvocationEntry[]): Iteration[] {
  const missed = findCacheMisses(invocations);
  const byNumber = new Map<number, InvocationEntry[]>();
  for (const one of invocations) byNumber.set(one.iteration, [...(byNumber.get(one.iteration) ?? []), one]);
  const ordered = [...byNumber].sort(([a], [b]) => a - b);
  let beforeUsd: number | null = null;
  return ordered.map(([number, ofNumber]) => {
    const sums = sumUp(ofNumber);
    const changeUsd = beforeUsd === null || sums.costUsd === null ? null : sums.costUsd - beforeUsd;
    beforeUsd = sums.costUsd;
    return {
      ...sums,
      number,
      invocations: ofNumber,
      phases: Object.fromEntries(
        listPhases(ofNumber).map((phase) => [phase, sumUp(ofNumber.filter((one) => one.phase === phase))]),
      ),
      changeUsd,
      modelNames: [...new Set(ofNumber.flatMap(({ models }) => models.map(({ model }) => model)))],
      marks: listMarks(ofNumber, missed),
    };
  });
}

/** Finds the invocations with a response that missed the cache, by the rule of `codex-usage why`. */
function findCacheMisses(invocations: readonly InvocationEntry[]): ReadonlySet<InvocationEntry> {
  const inputBefore = new Map<string, number>();
  const ordered = invocations
    .flatMap((invocation) => invocation.responses.map((response) => ({ invocation, response })))
    .sort((one, other) => (one.response.completedAt < other.response.completedAt ? -1 : 1));
  const missed = ordered.filter(({ response: { threadId, inputTokens: input, cachedInputTokens: cachedInput } }) => {
    const before = inputBefore.get(threadId);
    inputBefore.set(threadId, input);
    if (before === undefined || isShortened(input, before)) return false;
    return measureCacheMiss({ input, cachedInput }, before) > 0;
  });
  return new Set(missed.map(({ invocation }) => invocation));
}

function listMarks(invocations: readonly InvocationEntry[], missed: ReadonlySet<InvocationEntry>): Mark[] {
  const budget = invocations.some(
    ({ status, exitCode, notes }) =>
      status === 'over budget' || exitCode === BUDGET_EXIT_CODE || notes.some(({ kind }) => kind === 'budget'),
  );
  const failed = invocations.some(
    ({ status, exitCode }) => ['failed', 'interrupted', 'abandoned'].includes(status) && exitCode !== BUDGET_EXIT_CODE,
  );
  return [
    ...(failed ? ['failure' as const] : []),
    ...(budget ? ['budget' as const] : []),
    ...(invocations.some((one) => missed.has(one)) ? ['cache miss' as const] : []),
  ];
}

/** From so many iterations, the newest that have ended, the pace of a run is taken. */
const PACE_ITERATIONS = 5;

/**
 * How many more iterations `budget` lasts when they go on to cost what the last ones cost; undefined where that is not
 * known: of a limit on one invocation, before an iteration has ended, and where nothing has a price.
 */
export function forecastIterations(budget: BudgetLevel, iterations: readonly Iteration[]): number | undefined {
  if (budget.scope === 'invocation') return undefined;
  const ended = iterations.filter(({ invocations }) => invocations.every(({ status }) => status !== 'running'));
  const last = sumUp(ended.slice(-PACE_ITERATIONS));
  const used = budget.unit === 'usd' ? (last.costNanoUsd ?? 0) : last.inputTokens + last.outputTokens;
  const each = used / Math.min(PACE_ITERATIONS, Math.max(1, ended.length));
  if (each <= 0) return undefined;
  return Math.max(0, Math.floor((budget.amount - budget.spent) / each));
}

/** For the tooltip of the chart: `Iteration 12  $0.1893`, then each phase, and what went wrong. */
export function describeIteration(iteration: Iteration | undefined): string {
  if (!iteration) return '';
  const { number, phases, costUsd, marks } = iteration;
  const amount = (usd: number | null | undefined) => (usd === null || usd === undefined ? 'unpriced' : formatUsd(usd));
  const parts = Object.entries(phases).map(([phase, sums]) => `${phase}  ${amount(sums?.costUsd)}`);
  return [
    `Iteration ${number}  ${amount(costUsd)}`,
    ...(parts.length > 1 ? parts : []),
    ...(marks.length > 0 ? [marks.join(', ')] : []),
  ].join('\n');
}
