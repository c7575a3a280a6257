import type { BudgetLevel } from '../meter/budget.js';
import type { Summary } from '../meter/summary.js';
import { cleanText, formatCost, formatCount, formatPlural } from '../report/amounts.js';
import type { ShortWindow } from '../report/budget-status.js';
import type { BudgetLimit, Spent } from '../usage/budget.js';
import type { Attribution } from '../usage/record.js';

/*
 * What the meter says to a person on stderr.
 */

/** `82 % of the budget of $20.0000 for run r42 is spent: $16.4012.` */
export function describeLevel(level: BudgetLevel, attribution: Attribution): string {
  const share = Math.floor(level.share * 100);
  const part = level.share >= 1 ? 'all' : `${share} %`;
  return `${part} of the budget of ${describeLimit(level.limit, attribution)} is spent: ${describeSpent(level)}.`;
}

/** Why Codex is ended now. */
export function describeStop(level: BudgetLevel, attribution: Attribution): string {
  return `the budget of ${describeLimit(level.limit, attribution)} is reached, ${describeSpent(level)}: ending Codex.`;
}

/** What the invocation cost in the end, and which limits ended it. */
export function describeStopped(
  levels: readonly BudgetLevel[],
  own: Spent,
  responses: number,
  attribution: Attribution,
) {
  const cost = describeAmounts(own);
  return `ended by the budget of ${listReached(levels, attribution)}. This invocation: ${cost} in ${formatPlural(responses, 'response')}.`;
}

/** Why Codex is not started. One of the two lists may be empty. */
export function describeRefusal(
  levels: readonly BudgetLevel[],
  windows: readonly ShortWindow[],
  attribution: Attribution,
): string {
  const reasons = [
    ...(levels.length > 0 ? [describeSpentLimits(levels, attribution)] : []),
    ...windows.map(describeWindow),
  ];
  return `Codex was not started: ${reasons.join(' ')}`;
}

/** `4% of the 5h rate limit is left, and --meter-min-left asks for 10%.` */
export function describeWindow({ name, leftPercent, minPercent, resetsAtMs }: ShortWindow): string {
  const left = Math.floor(leftPercent * 10) / 10;
  const until = resetsAtMs === undefined ? '' : ` It is full again at ${new Date(resetsAtMs).toISOString()}.`;
  return `${left}% of the ${name} rate limit is left, and --meter-min-left asks for ${minPercent}%.${until}`;
}

/** One line on what an invocation used and cost, for a person. `~` marks counts that the API did not report itself. */
export function describeSummary(summary: Summary): string {
  const { invocation, iteration, responses, usage, source } = summary;
  const { runId, phase } = invocation.attribution;
  const mark = source === 'actual' ? '' : '~';
  const parts =
    source === undefined
      ? ['no usage recorded']
      : [
          `${mark}${describeCost(summary)}`,
          `${mark}${formatCount(usage.input)} in (${formatCount(usage.cachedInput)} cached)`,
          `${mark}${formatCount(usage.output)} out`,
          formatPlural(responses, 'response'),
          ...(source === 'actual' ? [] : [source]),
        ];
  return [...parts, `run ${runId}, ${phase} ${iteration ?? '?'}`].join(' · ');
}

function describeSpentLimits(levels: readonly BudgetLevel[], attribution: Attribution): string {
  const lifted = levels.map(({ limit }) => `--meter-budget-${limit.unit} ${limit.scope}=none`);
  return `the budget is spent of ${listReached(levels, attribution)}. Raise it, or lift it: ${lifted.join(' ')}.`;
}

function listReached(levels: readonly BudgetLevel[], attribution: Attribution): string {
  return levels.map((level) => `${describeLimit(level.limit, attribution)} (${describeSpent(level)})`).join(', ');
}

function describeLimit({ scope, unit, amount, of }: BudgetLimit, { runId, projectId }: Attribution): string {
  const size = unit === 'usd' ? formatCost(amount) : `${formatCount(amount)} tokens`;
  if (scope === 'invocation') return `${size} for this invocation`;
  return scope === 'run'
    ? `${size} for run ${cleanText(runId)}`
    : `${size} a ${scope} for project ${cleanText(projectId)}${of === 'fleet' ? ' on all machines' : ''}`;
}

/** In the limit's unit. `~`: not all of it was reported by the API; `+`: what has no price comes on top. */
function describeSpent({ limit, amount, spent }: BudgetLevel): string {
  const mark = spent.inexactResponses > 0 ? '~' : '';
  if (limit.unit === 'tokens') return `${mark}${formatCount(amount)} tokens`;
  const unpriced = spent.unpricedResponses;
  return `${mark}${formatCost(amount)}${unpriced > 0 ? ` + ${formatPlural(unpriced, 'response')} without a price` : ''}`;
}

function describeAmounts({ nanoUsd, tokens, unpricedResponses, inexactResponses }: Spent): string {
  const mark = inexactResponses > 0 ? '~' : '';
  const unpriced = unpricedResponses > 0 ? ` + ${unpricedResponses} unpriced` : '';
  return `${mark}${formatCost(nanoUsd)}${unpriced}, ${mark}${formatCount(tokens)} tokens`;
}

function describeCost({ costNanoUsd, responses, unpricedResponses }: Summary): string {
  if (unpricedResponses === responses) return 'unpriced';
  return unpricedResponses > 0 ? `${formatCost(costNanoUsd)} + ${unpricedResponses} unpriced` : formatCost(costNanoUsd);
}
