import { type Invocation, isUnpriced, type Note, type PricedResponse } from '../usage/record.js';
import { SOURCES, type Source } from '../usage/source.js';
import { sumUsage, type Usage } from '../usage/usage.js';
import type { PendingCause } from './recorder.js';

/** What one invocation used and cost. */
export interface Summary {
  readonly invocation: Invocation;
  /** Undefined when no database gave it a number. */
  readonly iteration: number | undefined;
  readonly responses: number;
  readonly usage: Usage;
  /** The sum over the responses that have a price. */
  readonly costNanoUsd: number;
  readonly unpricedResponses: number;
  readonly threadId: string | undefined;
  readonly codexVersion: string | undefined;
  readonly endedAtMs: number;
  readonly notes: readonly Note[];
  /** Why the record is pending; undefined when it is in the database. */
  readonly pending: PendingCause | undefined;
  /** The least certain source among the responses; undefined when there are none. */
  readonly source: Source | undefined;
}

type Sums = 'responses' | 'usage' | 'costNanoUsd' | 'unpricedResponses' | 'source';

export function summarise(known: Omit<Summary, Sums>, responses: readonly PricedResponse[]): Summary {
  return {
    ...known,
    responses: responses.length,
    usage: sumUsage(responses.map(({ usage }) => usage)),
    costNanoUsd: responses.reduce((total, { costNanoUsd }) => total + (costNanoUsd ?? 0), 0),
    unpricedResponses: responses.filter(isUnpriced).length,
    source: SOURCES.findLast((source) => responses.some((response) => response.source === source)),
  };
}
