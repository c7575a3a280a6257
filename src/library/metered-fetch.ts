import { isObject } from '../formats/json.js';
import { observeBody } from './observed-body.js';
import type { CallObserver, ObservedCall } from './observed-calls.js';

export type Fetch = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;

const ORIGINAL = Symbol('the fetch that is metered');
const BILLED = /\/(chat\/completions|responses)(?:\/compact)?\/?$/;
const REVISITED = /\/responses\/[^/]+\/?$/;
/** What a server answers that does not know `stream_options`, or finds a signed body changed. */
const REFUSALS = new Set([400, 403, 404, 422]);

/**
 * A `fetch` that does what `fetch` does and lets `observer` see the calls that are billed. A streamed chat completion is
 * asked for its usage; where the caller had not, the caller does not see it. No fault of the metering reaches the caller.
 */
export function createMeteredFetch(fetch: Fetch, observer: CallObserver): Fetch {
  let asking: 'asks' | 'was refused' = 'asks';
  const metered: Fetch = async (url, init) => {
    const call = attempt(() => describeCall(url, init, observer));
    if (!call) return fetch(url, init);
    if (call.kind === 'revisit') return observeAnswer(await fetch(url, init), (body) => observer.revisit(body));
    const { observed, stream } = call;
    const asked = asking === 'asks' && stream === 'lacks usage' ? attempt(() => askForUsage(init)) : undefined;
    let response = await fetch(url, asked ?? init);
    let withheld = asked !== undefined;
    if (asked && REFUSALS.has(response.status)) {
      // The caller must not fail because of what was added.
      response = await fetch(url, init);
      withheld = false;
      if (response.ok) asking = 'was refused';
    }
    if (!response.ok) return response;
    if (!isEventStream(response)) return observeAnswer(response, (body) => observed.answer(body));
    return attempt(() => observeBody(response, observed, withheld ? 'withholds usage' : 'shows all')) ?? response;
  };
  return Object.assign(metered, { [ORIGINAL]: fetch });
}

/** The fetch within one that is metered already, so that a call is never recorded twice. */
export function unwrapFetch(fetch: Fetch): Fetch {
  return (fetch as Fetch & { [ORIGINAL]?: Fetch })[ORIGINAL] ?? fetch;
}

type Described =
  | { readonly kind: 'call'; readonly observed: ObservedCall; readonly stream: 'none' | 'lacks usage' | 'has usage' }
  | { readonly kind: 'revisit' };

function describeCall(url: Parameters<Fetch>[0], init: RequestInit | undefined, observer: CallObserver) {
  const path = new URL(url instanceof Request ? url.url : url).pathname;
  const method = init?.method?.toUpperCase() ?? 'GET';
  if (method === 'GET' && REVISITED.test(path)) return { kind: 'revisit' } satisfies Described;
  const [, name] = BILLED.exec(path) ?? [];
  if (method !== 'POST' || !name || typeof init?.body !== 'string') return undefined;
  const body: unknown = JSON.parse(init.body);
  if (!isObject(body)) return undefined;
  const api = name === 'responses' ? 'responses' : 'chat.completions';
  const included = isObject(body.stream_options) && body.stream_options.include_usage === true;
  const stream = body.stream !== true ? 'none' : api === 'responses' || included ? 'has usage' : 'lacks usage';
  return { kind: 'call', observed: guard(observer.start(api, body)), stream } satisfies Described;
}

/** The request with `stream_options.include_usage`; undefined where its body must not change. */
function askForUsage(init: RequestInit | undefined): RequestInit | undefined {
  const headers = new Headers(init?.headers);
  // Such a signature covers the body.
  if (headers.get('authorization')?.startsWith('AWS4-')) return undefined;
  headers.delete('content-length');
  const body = JSON.parse(String(init?.body)) as Record<string, unknown>;
  const options = isObject(body.stream_options) ? body.stream_options : {};
  return { ...init, headers, body: JSON.stringify({ ...body, stream_options: { ...options, include_usage: true } }) };
}

/** Reads a copy of a whole answer; the caller has the answer itself. */
function observeAnswer(response: Response, observe: (body: Record<string, unknown>) => void): Response {
  attempt(() => {
    if (!response.ok) return;
    const read = async () => {
      const body: unknown = await response.clone().json();
      if (isObject(body)) observe(body);
    };
    read().catch(() => undefined);
  });
  return response;
}

function isEventStream({ headers }: Response): boolean {
  return headers.get('content-type')?.includes('text/event-stream') ?? false;
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
