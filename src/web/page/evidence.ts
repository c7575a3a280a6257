/** Where counts were read, in words; in files and in the API the code stands. */
export const EVIDENCE_NAMES: Readonly<Record<string, string>> = {
  usage_record: 'session file',
  api: "the API's answer",
  token_count: 'totals in the session file',
  session_total: "the session's total",
  otel: 'telemetry',
  turn_completed: "Codex's output",
  text: 'text of the output',
  tokenizer: 'tokenizer',
};

export function nameEvidence(evidence: readonly string[]): string {
  return evidence.map((one) => EVIDENCE_NAMES[one] ?? one).join(', ');
}
