import { UsageError } from '../errors.js';
import type { Fetch } from './billed-request.js';
import { checkContext, type UsageContext } from './context.js';
import { createMeteredFetch, unwrapFetch } from './metered-fetch.js';
import { observeCalls } from './observed-calls.js';

/**
 * Returns a `fetch` for any client that takes one. It records every chat completion and every response of OpenAI's API that
 * goes through it, streamed or not, and lets everything pass as `fetch` does (default: the global one). Throws a UsageError
 * for a context that makes no sense.
 */
export function meterFetch(context: UsageContext, fetch: Fetch = globalThis.fetch): Fetch {
  // A wrong context is reported now, not when the first call is recorded.
  checkContext(context);
  if (typeof fetch !== 'function') {
    throw new UsageError('meterFetch needs a function as its fetch, or nothing for the global one.');
  }
  return createMeteredFetch(unwrapFetch(fetch), observeCalls(context));
}

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
