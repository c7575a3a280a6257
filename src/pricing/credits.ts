import { CREDIT_CARD, CREDIT_ENTRIES, type CreditEntry } from './credit-card.js';
import { listModelNames } from './model-name.js';
import { parseServiceTier } from './price.js';

/** Responses of Codex that take credits at the same rates: of one model, one tier, one day (UTC), one length of input. */
export interface CreditClass {
  readonly model: string;
  /** As Codex wrote it. */
  readonly serviceTier: string | null | undefined;
  /** Epoch milliseconds, of any moment of their day. */
  readonly atMs: number;
  /** `long`: their input exceeds `CREDIT_CARD.longAboveInputTokens`. */
  readonly length: 'short' | 'long';
}

/** The counters that credits distinguish. Cache writes are within `input`: Codex charges no more for them. */
export interface CreditTokens {
  readonly input: number;
  /** At most `input`, response by response. */
  readonly cachedInput: number;
  readonly output: number;
}

/** The entries of a model, oldest first; empty when its credits are not known. */
export function listCreditEntries(model: string): readonly CreditEntry[] {
  for (const name of listModelNames(model)) {
    const entries = CREDIT_ENTRIES.filter((entry) => entry.model === name);
    if (entries.length > 0) return entries;
  }
  return [];
}

/**
 * Returns the nano-credits that the responses of a class took together, or undefined when the rate card has no rate for them.
 * All responses of a class have the same rates, so the sum of their tokens takes as much as they take one by one.
 */
export function takeCredits(of: CreditClass, { input, cachedInput, output }: CreditTokens): number | undefined {
  const entry = listCreditEntries(of.model).findLast(({ from }) => Date.parse(from) <= of.atMs);
  if (!entry) return undefined;
  if (of.length === 'long' && entry.longInputs === 'unknown') return undefined;
  const tier = parseServiceTier(of.serviceTier);
  const multiple = tier === 'standard' ? 1 : tier === 'priority' ? entry.fast : undefined;
  if (multiple === undefined) return undefined;
  const credits = (input - cachedInput) * entry.input + cachedInput * entry.cachedInput + output * entry.output;
  // Credits per million tokens are thousands of nano-credits per token.
  return Math.round(credits * 1000 * multiple);
}

export function lengthOf(inputTokens: number): CreditClass['length'] {
  return inputTokens > CREDIT_CARD.longAboveInputTokens ? 'long' : 'short';
}
