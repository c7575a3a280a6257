import type { Summary } from '../meter/summary.js';
import { formatCost, formatCount, formatPlural } from '../report/amounts.js';

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

function describeCost({ costNanoUsd, responses, unpricedResponses }: Summary): string {
  if (unpricedResponses === responses) return 'unpriced';
  return unpricedResponses > 0 ? `${formatCost(costNanoUsd)} + ${unpricedResponses} unpriced` : formatCost(costNanoUsd);
}
