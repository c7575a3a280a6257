/** How each provider is called. In this order everywhere: stacked from the bottom, side by side from the left. */
export const PROVIDER_NAMES = {
  codex: 'Codex',
  claude: 'Claude',
  openai: 'OpenAI API',
  gemini: 'Gemini',
} as const;

export type Provider = keyof typeof PROVIDER_NAMES;

export const PROVIDERS = Object.keys(PROVIDER_NAMES) as readonly Provider[];

export function isProvider(name: string | null): name is Provider {
  return (PROVIDERS as readonly (string | null)[]).includes(name);
}
