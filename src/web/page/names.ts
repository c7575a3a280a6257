/** How each provider is called. In this order everywhere: stacked from the bottom, side by side from the left. */
export const PROVIDER_NAMES = {
  codex: 'Codex',
  claude: 'Claude',
  openai: 'OpenAI API',
  gemini: 'Gemini',
} as const;

export type Provider = keyof typeof PROVIDER_NAMES;

export const PROVIDERS = Object.keys(PROVIDER_NAMES) as readonly Provider[];

/** Providers whose session files are read. Calls that programs record themselves (`openai`) are part of all, and of `?provider=openai`. */
const AGENTS = PROVIDERS.filter((provider) => provider !== 'openai');

export const PROVIDER_OPTIONS: readonly { readonly value: 'all' | Provider; readonly text: string }[] = [
  { value: 'all', text: 'All' },
  ...AGENTS.map((value) => ({ value, text: PROVIDER_NAMES[value] })),
];

/** The provider that the address names; undefined for all. */
export function readProvider(query: URLSearchParams): Provider | undefined {
  return PROVIDERS.find((provider) => provider === query.get('provider'));
}

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
