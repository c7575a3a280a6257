/**
 * Where a count was read, best first: the ledger lets an earlier one win over a later one. `session_total`: what the total
 * that Claude Code keeps of a session has beyond the session's messages.
 */
export const EVIDENCE = [
  'usage_record',
  'api',
  'token_count',
  'session_total',
  'otel',
  'turn_completed',
  'text',
  'tokenizer',
] as const;
export type Evidence = (typeof EVIDENCE)[number];

/** The pieces of evidence that occur in a list, each once, the best first. */
export function bestFirst(evidence: readonly Evidence[]): Evidence[] {
  return EVIDENCE.filter((one) => evidence.includes(one));
}

/**
 * What a count is worth. `actual`: counts that the API reported, passed on as data by Codex or by the program that called it. `parsed`: inferred from
 * text, or from a total that needs guesswork, or counts of which a part is not known. `estimated`: counted by a tokenizer.
 */
export const SOURCES = ['actual', 'parsed', 'estimated'] as const;
export type Source = (typeof SOURCES)[number];
