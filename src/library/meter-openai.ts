import { UsageError } from '../errors.js';
import { checkContext, type UsageContext } from './context.js';
import { createMeteredFetch, type Fetch, unwrapFetch } from './metered-fetch.js';
import { observeCalls } from './observed-calls.js';

/** What is needed of a client of the package `openai`, version 5 or later. */
export interface OpenAIClient {
  withOptions(options: { fetch: Fetch }): unknown;
}

/**
 * Returns a client like `client` that records every chat completion and every response, streamed or not. It stands at
 * the client's `fetch`, so that every method of it works as before; `client` itself stays as it is. Throws a UsageError
 * for a context that makes no sense, and for a client that is none.
 */
export function meterOpenAI<Client extends OpenAIClient>(client: Client, context: UsageContext): Client {
  if (typeof client?.withOptions !== 'function') {
    throw new UsageError('meterOpenAI needs a client of the package "openai", version 5 or later: new OpenAI(…).');
  }
  // What is wrong with the context is said now, not when the first call is recorded.
  checkContext(context);
  const fetch = unwrapFetch((client as { fetch?: Fetch }).fetch ?? globalThis.fetch);
  return client.withOptions({ fetch: createMeteredFetch(fetch, observeCalls(context)) }) as Client;
}
