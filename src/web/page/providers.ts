import type { Provider } from './answers.js';

/** In this order everywhere: stacked from the bottom, side by side from the left. */
export const PROVIDERS: readonly Provider[] = ['codex', 'claude', 'openai'];

export const PROVIDER_NAMES: Readonly<Record<Provider, string>> = {
  codex: 'Codex',
  claude: 'Claude',
  openai: 'OpenAI API',
};

export function isProvider(name: string | null): name is Provider {
  return (PROVIDERS as readonly (string | null)[]).includes(name);
}
