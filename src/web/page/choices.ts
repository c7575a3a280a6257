import type { Provider } from './answers.js';
import { isProvider, PROVIDER_NAMES } from './providers.js';

export type ProviderChoice = 'all' | Provider;

export const PROVIDER_OPTIONS: readonly { readonly value: ProviderChoice; readonly text: string }[] = [
  { value: 'all', text: 'All' },
  { value: 'codex', text: PROVIDER_NAMES.codex },
  { value: 'claude', text: PROVIDER_NAMES.claude },
];

export function readProviderChoice(query: URLSearchParams): ProviderChoice {
  const name = query.get('provider');
  return isProvider(name) ? name : 'all';
}
