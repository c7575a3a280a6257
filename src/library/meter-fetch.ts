import { UsageError } from '../errors.js';
import { isObject } from '../formats/json.js';
import {
  askForUsage,
  type BilledRequest,
  describeFetch,
  type Fetch,
  type FetchArguments,
  readBody,
} from './billed-request.js';
import { checkContext, type UsageContext } from './context.js';
import { type CallObserver, type ObservedCall, observeBody, observeCalls } from './observed-calls.js';

const ORIGINAL = Symbol('the fetch that is metered');
type Metered = Fetch & { readonly [ORIGINAL]?: Fetch };
/** What a server answers that does not know `stream_options`, or finds a signed body changed. */
const REFUSALS = new Set([400, 403, 404, 422]);

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
  // A fetch that is metered already is unwrapped, so that no call is recorded twice.
  return createMeteredFetch((fetch as Metered)[ORIGINAL] ?? fetch, observeCalls(context));
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

/**
 * A `fetch` that does what `fetch` does and lets `observer` see the calls that are billed. A streamed chat completion is
 * asked for its usage; where the caller had not, the caller does not see it. No fault of the metering reaches the caller.
 */
function createMeteredFetch(fetch: Fetch, observer: CallObserver): Fetch {
  const metered: Fetch = async (...given) => {
    const request = attempt(() => describeFetch(given));
    // A call that was left before it began is not sent.
    if (!request || request.signal?.aborted) return fetch(...given);
    if (request.kind === 'revisit') {
      const response = await fetch(...given);
      if (response.ok) attempt(() => observeAnswer(response, { answer: observer.revisit, end: () => undefined }));
      return response;
    }
    const body = await readBody(given);
    const observed = attempt(() => guard(observer.start(request.api, body ?? {})));
    if (!observed) return fetch(...given);
    try {
      const asked = request.api === 'chat.completions' && body ? attempt(() => askForUsage(given, body)) : undefined;
      const { response, wasAsked } = await send(fetch, given, asked, [request.address, body?.model]);
      return response.ok ? observe(response, endWith(request, observed), body?.stream === true, wasAsked) : response;
    } catch (error) {
      if (request.signal?.aborted) observed.end('cut');
      throw error;
    }
  };
  return Object.assign(metered, { [ORIGINAL]: fetch });
}

/** Sends what is `asked`, and what was `given` where that is refused: the caller must not fail because of what was added. */
async function send(
  fetch: Fetch,
  given: FetchArguments,
  asked: FetchArguments | undefined,
  [address, model]: readonly [address: string, model: unknown],
): Promise<{ response: Response; wasAsked: boolean }> {
  if (!asked || refusals.has(address, model)) return { response: await fetch(...given), wasAsked: false };
  const answer = await fetch(...asked);
  if (!REFUSALS.has(answer.status)) return { response: answer, wasAsked: true };
  attempt(() => answer.body?.cancel().catch(() => undefined));
  const response = await fetch(...given);
  if (response.ok) refusals.add(address, model);
  return { response, wasAsked: false };
}

/** The answer, as the caller is to have it. */
function observe(response: Response, observed: ObservedCall, streams: boolean, withholds: boolean): Response {
  const observing = () => {
    if (isEventStream(response, streams)) {
      return observeBody(response, observed, withholds);
    }
    observeAnswer(response, observed);
    return response;
  };
  return attempt(observing) ?? response;
}

/** Not every server that streams says so. */
function isEventStream({ headers }: Response, streams: boolean): boolean {
  const type = headers.get('content-type') ?? '';
  return type.includes('text/event-stream') || (streams && !type.includes('json'));
}

/** Reads a copy of a whole answer; the caller has the answer itself. */
function observeAnswer(response: Response, observed: Pick<ObservedCall, 'answer' | 'end'>): void {
  response
    .clone()
    .text()
    .then(
      (text) => {
        const body = attempt((): unknown => JSON.parse(text));
        if (isObject(body)) observed.answer(body);
        else observed.end('whole');
      },
      () => observed.end('cut'),
    )
    .catch(() => undefined);
}

/** The call ends when the caller leaves it, which nobody is told who does not read at that moment. */
function endWith({ signal }: BilledRequest, observed: ObservedCall): ObservedCall {
  const leave = () => observed.end('cut');
  if (signal?.aborted) leave();
  signal?.addEventListener('abort', leave, { once: true });
  // A signal may be that of a whole program.
  const over = () => signal?.removeEventListener('abort', leave);
  return {
    ...observed,
    answer(body) {
      over();
      observed.answer(body);
    },
    end(how) {
      over();
      observed.end(how);
    },
  };
}

function guard(observed: ObservedCall): ObservedCall {
  return {
    answer: (body) => attempt(() => observed.answer(body)),
    event: (event) => attempt(() => observed.event(event)),
    end: (how) => attempt(() => observed.end(how)),
  };
}

function attempt<T>(operate: () => T): T | undefined {
  try {
    return operate();
  } catch {
    return undefined;
  }
}

/** How long a refusal is believed. A server is updated, and an error can have had another reason. */
const HOLDS_MS = 10 * 60_000;

const refusedUntil = new Map<string, number>();

/**
 * Which streams are not to be asked for their usage, because the server refused the question: per address and model, since
 * what stands behind one address can differ from model to model. It is kept for the whole process, so that a program that
 * makes a client for every call is not refused at every call.
 */
const refusals = {
  has(address: string, model: unknown): boolean {
    return (refusedUntil.get(keyOf(address, model)) ?? 0) > performance.now();
  },
  add(address: string, model: unknown): void {
    const now = performance.now();
    for (const [key, until] of refusedUntil) if (until <= now) refusedUntil.delete(key);
    refusedUntil.set(keyOf(address, model), now + HOLDS_MS);
  },
};

function keyOf(address: string, model: unknown): string {
  return `${address} ${String(model)}`;
}
