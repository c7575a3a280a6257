import type { Scope } from '../store/queries.js';
import { toTokensJson } from '../usage/counters.js';
import type { ModelResponse } from '../usage/record.js';
import { describeSource, type Figures, type UnpricedModel } from './figures.js';

/** The version of the JSON documents. Under the same version fields may be added; none changes or is removed. */
export const SCHEMA_VERSION = 1;

/** Sums over responses of several models. */
export function toSumsJson(figures: Figures): object {
  return { modelNames: figures.models, ...toPartJson(figures) };
}

/** Sums over responses: `source` is `mixed` when they have several, null when there is no response. */
export function toPartJson(figures: Figures): object {
  return {
    source: describeSource(figures) ?? null,
    responseCount: figures.responses,
    unpricedResponseCount: figures.unpricedResponses,
    ...toAmountsJson(figures),
  };
}

function toAmountsJson({ usage, costNanoUsd, credits }: Figures): object {
  return {
    ...toTokensJson(usage),
    totalTokens: usage.input + usage.output,
    costUsd: costNanoUsd === undefined ? null : costNanoUsd / 1e9,
    costNanoUsd: costNanoUsd ?? null,
    ...(credits && {
      costCredits: credits.nanoCredits === undefined ? null : credits.nanoCredits / 1e9,
      unratedResponseCount: credits.unratedResponses,
    }),
  };
}

export function toIso(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : new Date(ms).toISOString();
}

export function toUnpricedJson({ model, unpricedResponses }: UnpricedModel): object {
  return { model, unpricedResponseCount: unpricedResponses };
}

type Response = Pick<ModelResponse, 'threadId' | 'key' | 'model' | 'source' | 'evidence' | 'completedAtMs'> & {
  readonly [Name in 'turnId' | 'serviceTier']: string | null | undefined;
} & { readonly price: unknown };

/** One response. `more` is what is known of its cost beside the amount. */
export function toResponseJson(response: Response, figures: Figures, more: object = {}): object {
  const { threadId, key: responseKey, model, source, evidence, completedAtMs } = response;
  return {
    ...{ threadId, responseKey, turnId: response.turnId ?? null, model, serviceTier: response.serviceTier ?? null },
    ...{ source, evidence, completedAt: toIso(completedAtMs) },
    ...toAmountsJson(figures),
    ...more,
    price: response.price ?? null,
  };
}

/** Names a run or a session. `projectIds` are those of a session. */
export function toScopeJson(scope: Scope, projectIds?: readonly string[]): object {
  if (scope.kind === 'run') return { runId: scope.runId, projectId: scope.projectId };
  return { threadId: scope.threadId, ...(projectIds && { projectIds }) };
}
