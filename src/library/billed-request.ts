import type { ApiRequest } from '../agents/openai/api.js';
import { isObject, type JsonObject } from '../formats/json.js';

export type Fetch = (url: string | URL | Request, init?: RequestInit) => Promise<Response>;
export type FetchArguments = Readonly<Parameters<Fetch>>;

/** A request that metering has to do with. */
export interface BilledRequest {
  /** `revisit`: a question about an earlier response, which may have gone on in the background. */
  readonly kind: 'call' | 'revisit';
  readonly api: ApiRequest['api'];
  /** Without its query. */
  readonly address: string;
  /** What the caller ends the call with. */
  readonly signal: AbortSignal | undefined;
}

const BILLED = /\/(chat\/completions|responses)(?:\/compact)?\/?$/;
const REVISITED = /\/responses\/[^/]+\/?$/;

/** Says what a call of `fetch` asks for; undefined where it is nothing that is recorded. */
export function describeFetch([url, init]: FetchArguments): BilledRequest | undefined {
  const request = isRequest(url) ? url : undefined;
  const { origin, pathname } = new URL(isRequest(url) ? url.url : url);
  const method = (init?.method ?? request?.method ?? 'GET').toUpperCase();
  const common = { address: origin + pathname, signal: init?.signal ?? request?.signal };
  if (method === 'GET' && REVISITED.test(pathname)) return { ...common, kind: 'revisit', api: 'responses' };
  const [, name] = BILLED.exec(pathname) ?? [];
  if (method !== 'POST' || !name) return undefined;
  return { ...common, kind: 'call', api: name === 'responses' ? 'responses' : 'chat.completions' };
}

/**
 * The body of a request, parsed. Undefined where it is no JSON, or a stream that only `fetch` may read: such a call is known
 * by its answer alone.
 */
export async function readBody([url, init]: FetchArguments): Promise<JsonObject | undefined> {
  try {
    const body: unknown = JSON.parse(await readText(url, init?.body));
    return isObject(body) ? body : undefined;
  } catch {
    return undefined;
  }
}

async function readText(url: FetchArguments[0], body: RequestInit['body']): Promise<string> {
  if (typeof body === 'string') return body;
  if (body === undefined || body === null) return isRequest(url) ? url.clone().text() : '';
  const isStream = body instanceof ReadableStream || Symbol.asyncIterator in Object(body);
  return isStream ? '' : new Response(body).text();
}

/**
 * What to give to `fetch` so that a streamed chat completion tells its usage; undefined where the caller asks for it
 * already, or where the body must not change.
 */
export function askForUsage([url, init]: FetchArguments, body: JsonObject): FetchArguments | undefined {
  const options = isObject(body.stream_options) ? body.stream_options : {};
  if (body.stream !== true || options.include_usage === true) return undefined;
  const headers = new Headers(init?.headers ?? (isRequest(url) ? url.headers : undefined));
  // Such a signature covers the body.
  if (headers.get('authorization')?.startsWith('AWS4-')) return undefined;
  headers.delete('content-length');
  const asking = { ...body, stream_options: { ...options, include_usage: true } };
  return [url, { ...init, headers, body: JSON.stringify(asking) }];
}

/** Not by its class: a fetch that is not Node's own may have another. */
function isRequest(url: FetchArguments[0]): url is Request {
  return typeof url === 'object' && 'clone' in url && 'url' in url;
}
