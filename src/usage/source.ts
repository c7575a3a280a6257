/**
 * Where a count was read, best first: a response keeps the counts of the best evidence that was found of it.
 * `session_total`: what the total that Claude Code writes of a session has beyond the session's messages.
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
 * How reliable a count is. `actual`: the API reported it, and Codex or the program that called the API passed it on as data.
 * `parsed`: it was inferred from text or from a total that can be read in several ways, or a part of it is not known.
 * `estimated`: a tokenizer counted it.
 */
export const SOURCES = ['actual', 'parsed', 'estimated'] as const;
export type Source = (typeof SOURCES)[number];
