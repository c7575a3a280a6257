import { COST_PARTS, totalOf } from './cost-split.js';
import type { Selection } from './selector.js';
import { SCHEMA_VERSION, toIso, toScopeJson } from './sums-json.js';
import type { Cause } from './why-causes.js';
import type { WhyReport } from './why-report.js';
import { CAUSES, describeGaps, describeNextStep, explainResponse, PART_NAMES } from './why-words.js';

/** The report as data. Costs are nano-USD, and a cause's cost is what would not have been spent without it. */
export function toWhyJson(why: WhyReport, { scope, reason, part }: Selection): object {
  const { split, usual, dearest, causes, pricedResponses, unpricedResponses } = why;
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'why',
    ...toScopeJson(scope),
    selectedAs: reason,
    phase: part?.phase ?? null,
    iteration: part?.iteration ?? null,
    responseCount: pricedResponses + unpricedResponses,
    unpricedResponseCount: unpricedResponses,
    totalNanoUsd: totalOf(split),
    parts: COST_PARTS.map((name) => ({
      part: name,
      name: PART_NAMES[name],
      tokens: name === 'fees' ? null : split[name].tokens,
      costNanoUsd: split[name].nanoUsd,
      medianNanoUsd: usual?.nanoUsd[name] ?? null,
    })),
    comparedWith: usual ? { iterationCount: usual.iterations, medianNanoUsd: usual.totalNanoUsd } : null,
    dearestResponses: dearest.map(({ response, phase, iteration, cause }) => ({
      threadId: response.threadId,
      responseKey: response.key,
      phase: phase ?? null,
      iteration: iteration ?? null,
      model: response.model,
      completedAt: toIso(response.completedAtMs),
      inputTokens: response.input,
      cachedInputTokens: response.cachedInput,
      outputTokens: response.output,
      costNanoUsd: response.costNanoUsd,
      cause: cause ? toCauseJson(cause) : null,
      explanation: explainResponse({ response, cause }),
    })),
    causes: causes.map(({ kind, nanoUsd, responses }) => ({
      kind,
      name: CAUSES[kind].name,
      costNanoUsd: nanoUsd,
      responseCount: responses,
    })),
    nextStep: describeNextStep(why).replace(/^Next step: /, ''),
    gaps: describeGaps(why),
    notKnown: ['retries', 'reasoning effort'],
  };
}

function toCauseJson({ kind, nanoUsd, tokens, miss }: Cause): object {
  if (!miss) return { kind, costNanoUsd: nanoUsd, tokens };
  const { sentBeforeTokens, cachedTokens, gapMs, modelBefore = null, inputBefore: inputBeforeTokens } = miss;
  return { kind, costNanoUsd: nanoUsd, tokens, sentBeforeTokens, cachedTokens, gapMs, modelBefore, inputBeforeTokens };
}
