import type { ResponseRow } from '../store/queries.js';
import { isShortened, measureCacheMiss } from '../usage/cache-miss.js';
import { type ChargedRates, type CostSplit, readChargedRates, splitCost } from './cost-split.js';

/** The response before it in its thread, as far as what it sent can be in the cache. */
export type Predecessor = Pick<ResponseRow, 'input' | 'model' | 'completedAtMs'>;

/** What a response is looked at with. */
export interface ResponseContext {
  readonly response: ResponseRow;
  /** Undefined for the first response of a thread. */
  readonly previous: Predecessor | undefined;
  /** Whether its thread was started by another one: a sub-agent, a review. */
  readonly isChildThread: boolean;
}

/**
 * Why a response cost what it cost, as far as recorded counts prove it, with the nano-USD that would not have been spent
 * otherwise.
 *
 * - `cache-miss`: input that the response before it had sent already was billed as new.
 * - `context-shortened`: likewise, but the thread had become shorter (a compaction, an edit, a new page), so that what had
 *   been sent was not what is sent now.
 * - `first-request`: the thread began here; `child-thread`: a thread that another one started began here.
 * - `context-growth`: input that no response had sent before, such as files and the output of tools.
 * - `context-length`: input from the cache, which is billed with each response.
 * - `long-context` and `tier`: the higher price of a long request, or of a service tier.
 * - `reasoning` and `output`: what the model wrote.
 */
export interface Cause {
  readonly kind: CauseKind;
  readonly nanoUsd: number;
  readonly tokens: number;
  /** Of a cache miss and of a context that was shortened. */
  readonly miss?: CacheMiss;
}

export const CAUSE_KINDS = [
  'cache-miss',
  'context-shortened',
  'first-request',
  'child-thread',
  'context-growth',
  'context-length',
  'long-context',
  'tier',
  'reasoning',
  'output',
] as const;
export type CauseKind = (typeof CAUSE_KINDS)[number];

export interface CacheMiss {
  /** Input that the response before had sent, or as much of it as is sent again. */
  readonly sentBeforeTokens: number;
  readonly cachedTokens: number;
  /** From the end of the response before to the end of this one: the cache was idle for no longer than this. */
  readonly gapMs: number;
  /** The model of the response before, where it is another: each model has a cache of its own. */
  readonly modelBefore: string | undefined;
  /** What the response before had sent, where the thread is shorter now. */
  readonly inputBefore: number;
}

/** Lists the causes of a response's cost, the dearest first. Empty where it has no price. */
export function findCauses(context: ResponseContext): Cause[] {
  const rates = readChargedRates(context.response);
  const split = splitCost(context.response);
  if (!rates || !split) return [];
  const { response } = context;
  const { output, reasoning, cachedInput } = response;
  const written = Math.max(0, output - reasoning);
  const causes: Cause[] = [
    ...explainInput(context, rates, split),
    { kind: 'context-length', tokens: cachedInput, nanoUsd: cachedInput * rates.cachedInput },
    { kind: 'reasoning', tokens: reasoning, nanoUsd: reasoning * rates.output },
    { kind: 'output', tokens: written, nanoUsd: written * rates.output },
    ...explainSurcharge(response, rates, split),
  ];
  return causes
    .map((cause) => ({ ...cause, nanoUsd: Math.round(cause.nanoUsd) }))
    .filter(({ nanoUsd }) => nanoUsd > 0)
    .sort((a, b) => b.nanoUsd - a.nanoUsd);
}

/** What became of the input that was not read from the cache. */
function explainInput(
  { response, previous, isChildThread }: ResponseContext,
  rates: ChargedRates,
  { uncachedInput, cacheWrite }: CostSplit,
): Cause[] {
  const { input, cachedInput } = response;
  // Some of it may have been billed as written to the cache, at a rate of its own.
  const fresh = uncachedInput.tokens + cacheWrite.tokens;
  const rate = fresh === 0 ? rates.input : (uncachedInput.nanoUsd + cacheWrite.nanoUsd) / fresh;
  if (!previous) {
    return [{ kind: isChildThread ? 'child-thread' : 'first-request', tokens: fresh, nanoUsd: fresh * rate }];
  }
  const missed = measureCacheMiss(response, previous.input);
  const grown = fresh - missed;
  const growth: Cause = { kind: 'context-growth', tokens: grown, nanoUsd: grown * rate };
  if (missed === 0) return [growth];
  const miss: CacheMiss = {
    sentBeforeTokens: Math.min(previous.input, input),
    cachedTokens: cachedInput,
    gapMs: Math.max(0, response.completedAtMs - previous.completedAtMs),
    modelBefore: previous.model === response.model ? undefined : previous.model,
    inputBefore: previous.input,
  };
  const kind = isShortened(input, previous.input) ? 'context-shortened' : 'cache-miss';
  return [{ kind, tokens: missed, miss, nanoUsd: missed * (rate - rates.cachedInput) }, growth];
}

/** What the request cost beyond the standard price of its model. Cached input is taken to be dearer by as much as other input. */
function explainSurcharge(response: ResponseRow, rates: ChargedRates, split: CostSplit): Cause[] {
  const { standard, longContext } = rates;
  if (standard.input <= 0 || standard.output <= 0) return [];
  const beyond = (nanoUsd: number, charged: number, usual: number) => nanoUsd * (1 - usual / charged);
  const ofInput = split.uncachedInput.nanoUsd + split.cachedInput.nanoUsd + split.cacheWrite.nanoUsd;
  const ofOutput = split.output.nanoUsd + split.reasoning.nanoUsd;
  const nanoUsd = beyond(ofInput, rates.input, standard.input) + beyond(ofOutput, rates.output, standard.output);
  return [{ kind: longContext ? 'long-context' : 'tier', tokens: response.input, nanoUsd }];
}
