import type { Provider } from './answers.js';
import { isProvider, PROVIDER_NAMES, PROVIDERS } from './providers.js';

export type ProviderChoice = 'all' | Provider;

/** Those whose sessions are read. What a program of one's own asked the API for is seen among all, and by the name in the address. */
const AGENTS = PROVIDERS.filter((provider) => provider !== 'openai');

export const PROVIDER_OPTIONS: readonly { readonly value: ProviderChoice; readonly text: string }[] = [
  { value: 'all', text: 'All' },
  ...AGENTS.map((value) => ({ value, text: PROVIDER_NAMES[value] })),
];

export function readProviderChoice(query: URLSearchParams): ProviderChoice {
  const name = query.get('provider');
  return isProvider(name) ? name : 'all';
}
