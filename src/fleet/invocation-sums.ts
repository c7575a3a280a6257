import { bucketStartOf } from '../store/bucket-tally.js';
import type { OutboxResponse } from '../store/outbox-rows.js';
import type { WholeInvocation } from '../store/whole-invocations.js';
import { RESPONSE_COUNTERS } from '../usage/counters.js';
import { isUnpriced } from '../usage/record.js';
import { idTimeOf, makeId } from '../usage/response-id.js';

/** The sum over responses of an invocation, as it is sent. */
export type InvocationSum = Readonly<Record<string, string | number | null>> & { readonly responses: number };

/**
 * Sums up the responses of an invocation by quarter of an hour, model, tier and evidence, and by the month of their ids: by that month
 * the server drops old responses, so a sum goes together with the responses that it stands for.
 */
export function sumUp({ id: invocation, responses }: WholeInvocation): InvocationSum[] {
  const groups = new Map<string, OutboxResponse[]>();
  for (const response of responses) {
    const { provider, model, serviceTier, evidence, source, completedAtMs } = response;
    const month = monthOf(idTimeOf(response));
    const key = JSON.stringify([bucketStartOf(completedAtMs), month, provider, model, serviceTier, evidence, source]);
    const group = groups.get(key);
    if (group) group.push(response);
    else groups.set(key, [response]);
  }
  return [...groups].map(([key, group]) => {
    const named = JSON.parse(key) as GroupKey;
    const [start_ms, month, provider, model, tier, evidence, source] = named;
    const priced = group.flatMap(({ costNanoUsd }) => costNanoUsd ?? []);
    return {
      id: makeId(Math.min(Math.max(start_ms, month), monthOf(month, 1) - 1), [invocation, ...named]),
      ...{ start_ms, provider, model, tier, evidence, source, responses: group.length },
      unpriced_responses: group.filter(isUnpriced).length,
      costed_responses: priced.length,
      cost_nano_usd: priced.length === 0 ? null : sum(priced),
      ...Object.fromEntries(RESPONSE_COUNTERS.map(({ column, name }) => [column, sum(group.map((one) => one[name]))])),
    };
  });
}

type GroupKey = [
  startMs: number,
  month: number,
  ...rest: [provider: string, model: string, tier: string | null, evidence: string, source: string],
];

/** When the month (UTC) of a time began, or one that is so many months later. Epoch milliseconds. */
function monthOf(atMs: number, later = 0): number {
  const date = new Date(atMs);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
