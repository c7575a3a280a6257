/** Providers cache in blocks, and nothing below 1,024 tokens: a smaller difference is no miss. */
const SMALLEST_MISS_TOKENS = 1024;
/** The end of the last message is never in the cache as it is sent: a tenth less than expected is no miss either. */
const SMALLEST_MISS_SHARE = 0.1;
/** A thread that is shorter by more than this was cut: messages are only ever added otherwise. */
const SHORTENED_SHARE = 0.95;

/** The input tokens of a response, and those of them that were read from the cache. */
export interface SentInput {
  readonly input: number;
  readonly cachedInput: number;
}

/**
 * Returns how many input tokens were billed as new although the response before it in its thread, which sent `inputBefore`
 * tokens, had sent them already. 0 where they are no more than caches usually leave out.
 */
export function measureCacheMiss({ input, cachedInput }: SentInput, inputBefore: number): number {
  const sentBefore = Math.min(inputBefore, input);
  const missed = sentBefore - cachedInput;
  return missed >= Math.max(SMALLEST_MISS_TOKENS, sentBefore * SMALLEST_MISS_SHARE) ? missed : 0;
}

/** Whether a thread was cut (a compaction, an edit, a new page): what had been sent before is then not what is sent now. */
export function isShortened(input: number, inputBefore: number): boolean {
  return input < inputBefore * SHORTENED_SHARE;
}
