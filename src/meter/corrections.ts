import type { ModelResponse, Note } from '../usage/record.js';
import type { TimedRemark } from './output-reader.js';

/**
 * What `response` was served as: the session file names the model and the service tier that Codex had set, and Codex's
 * output tells where it was otherwise. `isTold` says whether the output tells of a thread at all. A reroute is told when
 * the response begins and once a turn, so it holds for every response that ends after it.
 */
export function correctResponse(
  response: ModelResponse,
  remarks: readonly TimedRemark[],
  isTold: (threadId: string) => boolean,
): ModelResponse {
  let { model, serviceTier } = response;
  for (const remark of remarks) {
    if (remark.kind === 'tier_omitted') {
      if (remark.model === response.model && remark.tier === response.serviceTier) serviceTier = undefined;
    } else if (remark.from === response.model && response.completedAtMs >= remark.atMs && isTold(response.threadId)) {
      model = remark.to;
    }
  }
  return { ...response, model, serviceTier };
}

/** What a reader of the record must know of `remarks`. */
export function describeRemarks(remarks: readonly TimedRemark[]): Note[] {
  return remarks.map((remark) =>
    remark.kind === 'rerouted'
      ? {
          kind: 'disagreement',
          reason: 'another model answered than was asked for: the one that answered is recorded',
          figures: { asked: remark.from, answered: remark.to },
        }
      : {
          kind: 'disagreement',
          reason: 'Codex did not ask for the service tier that was set: the model does not offer it',
          figures: { model: remark.model, tier: remark.tier },
        },
  );
}
