import { UsageError } from '../errors.js';
import type { Fetch } from './billed-request.js';
import type { UsageContext } from './context.js';
import { meterFetch } from './meter-fetch.js';

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
  return client.withOptions({ fetch: meterFetch(context, (client as { fetch?: Fetch }).fetch) }) as Client;
}
