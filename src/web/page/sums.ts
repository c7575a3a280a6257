import { COUNTERS, type TokensJson } from '../../usage/counters.js';
import type { Sums } from './answers.js';

/** The part of the input that came from the provider's cache; undefined when there is no input. */
export function cachedShare({ inputTokens, cachedInputTokens }: Pick<Sums, 'inputTokens' | 'cachedInputTokens'>) {
  return inputTokens === 0 ? undefined : cachedInputTokens / inputTokens;
}

/** The sums of `parts`. Money is added in nano-USD, so that nothing is lost between fractions. */
export function sumUp(parts: readonly Sums[]): Sums {
  const sum = (read: (part: Sums) => number) => parts.reduce((total, part) => total + read(part), 0);
  const sources = new Set(parts.flatMap(({ source }) => source ?? []));
  const priced = parts.some(({ costNanoUsd }) => costNanoUsd !== null);
  const costNanoUsd = priced ? sum((part) => part.costNanoUsd ?? 0) : null;
  const tokens = Object.fromEntries(
    COUNTERS.map(({ json }) => [json, sum((part) => part[json])]),
  ) as unknown as TokensJson;
  return {
    source: sources.size > 1 ? 'mixed' : ([...sources][0] ?? null),
    responseCount: sum((part) => part.responseCount),
    unpricedResponseCount: sum((part) => part.unpricedResponseCount),
    ...tokens,
    costUsd: costNanoUsd === null ? null : costNanoUsd / 1e9,
    costNanoUsd,
  };
}
