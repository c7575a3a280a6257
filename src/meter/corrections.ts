import type { ModelResponse, Note } from '../usage/record.js';
import type { TimedRemark } from './output-reader.js';

/**
 * Corrects the model and the service tier of `response`. The session file names those that Codex asked for; Codex's output
 * reports when others were served. `outputCovers` says whether the output reports on a thread at all. Codex reports a
 * reroute when a response begins, and once a turn, so it holds for every response that ends after it.
 */
export function correctResponse(
  response: ModelResponse,
  remarks: readonly TimedRemark[],
  outputCovers: (threadId: string) => boolean,
): ModelResponse {
  let { model, serviceTier } = response;
  for (const remark of remarks) {
    if (remark.kind === 'tier_omitted') {
      if (remark.model === response.model && remark.tier === response.serviceTier) serviceTier = undefined;
    } else if (
      remark.from === response.model &&
      response.completedAtMs >= remark.atMs &&
      outputCovers(response.threadId)
    ) {
      model = remark.to;
    }
  }
  return { ...response, model, serviceTier };
}

/** Notes for the reader of the record on what Codex's output reported. */
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
