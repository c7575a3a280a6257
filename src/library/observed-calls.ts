import { type ApiFacts, type ApiRequest, describeRequest, readAnswer, readEvent } from '../agents/openai/api.js';
import { createEventSplitter, encodeEvent, type StreamEvent } from '../agents/openai/event-stream.js';
import { isObject } from '../formats/json.js';
import { resolveContext, type UsageContext } from './context.js';
import { type Call, recordCall } from './record-usage.js';

/** Follows one call of the API. No method throws. It ends once: what is said of it afterwards does not count. */
export interface ObservedCall {
  /** Takes an answer that came whole, and ends. */
  answer(body: Record<string, unknown>): void;
  /** Takes one event of a streamed answer. */
  event(event: Record<string, unknown>): void;
  /** The answer is over: to its end, or because the call was left or its connection lost. */
  end(how: 'whole' | 'cut'): void;
}

export interface CallObserver {
  start(api: ApiRequest['api'], body: Record<string, unknown>): ObservedCall;
  /** An answer to a question about an earlier response, which may have gone on in the background. */
  revisit(body: Record<string, unknown>): void;
}

type Background = Pick<ApiRequest, 'texts' | 'messages' | 'unseen' | 'model'> & { readonly startedAtMs: number };

const outstanding = new Set<Promise<unknown>>();

/** Resolves when everything that has ended so far is recorded. To be awaited before `process.exit`. */
export async function flushUsage(): Promise<void> {
  // The copy of an answer is read a moment after the answer itself, which its reader may have seen the end of.
  await new Promise((resolve) => setImmediate(resolve));
  while (outstanding.size > 0) await Promise.allSettled(outstanding);
}

/** Records the calls of one client under `context`. */
export function observeCalls(context: UsageContext): CallObserver {
  const background = new Map<string, Background>();
  const record = (request: ApiRequest, startedAtMs: number, facts: ApiFacts, status: Call['status']) => {
    if (facts.state === 'pending' && facts.responseId && status === 'completed') {
      background.set(facts.responseId, { ...request, startedAtMs });
      return;
    }
    const times = { startedAtMs, completedAtMs: Date.now() };
    remember(recordCall(resolveContext(context, startedAtMs), describeCall(request, { ...times, status }, facts)));
  };
  return {
    start(api, body) {
      const startedAtMs = Date.now();
      const request = describeRequest(api, body);
      let facts: ApiFacts = {};
      let ended = false;
      const conclude = (how: 'whole' | 'cut') => {
        if (ended) return;
        ended = true;
        const isSilent = !facts.responseId && !facts.text && !facts.usage;
        // An error in place of an answer is not billed.
        if (isSilent && facts.state === 'failed') return;
        const left = how === 'cut' && !facts.usage;
        record(request, startedAtMs, facts, left ? 'interrupted' : isSilent ? 'failed' : statusOf(facts));
      };
      return {
        answer(whole) {
          if (!ended) facts = readAnswer(api, whole);
          conclude('whole');
        },
        event(event) {
          facts = merge(facts, readEvent(api, event));
        },
        end: conclude,
      };
    },
    revisit(body) {
      const facts = readAnswer('responses', body);
      const begun = background.get(facts.responseId ?? '');
      if (!begun || !facts.responseId || facts.state === 'pending') return;
      background.delete(facts.responseId);
      const request: ApiRequest = { api: 'responses', serviceTier: undefined, ...begun };
      record(request, begun.startedAtMs, facts, statusOf(facts));
    },
  };
}

function statusOf({ state }: ApiFacts): Call['status'] {
  return state === 'failed' ? 'failed' : 'completed';
}

function describeCall(
  { api, model, serviceTier, texts: input, messages, unseen }: ApiRequest,
  how: Pick<Call, 'startedAtMs' | 'completedAtMs' | 'status'>,
  facts: ApiFacts,
): Call {
  const output = facts.text ? [facts.text] : [];
  const isLeft = how.status === 'interrupted';
  const texts = { input, output, messages, unseen, isLeft };
  return {
    ...{ command: api, ...how },
    counted: facts.usage,
    // A model that failed before it wrote anything has used nothing that anybody could count.
    texts: output.length > 0 || how.status !== 'failed' ? texts : undefined,
    model: facts.model ?? model,
    responseId: facts.responseId,
    serviceTier: facts.serviceTier ?? serviceTier,
  };
}

/** What `next` does not say stays as it was before; texts go on. */
function merge(before: ApiFacts, next: ApiFacts): ApiFacts {
  const said = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined));
  return { ...before, ...said, text: (before.text ?? '') + (next.text ?? '') };
}

function remember(recording: Promise<unknown>): void {
  outstanding.add(recording);
  void recording.catch(() => undefined).finally(() => outstanding.delete(recording));
}

/**
 * The response with a body that `observed` sees pass. Nothing is read before the caller reads, and what the caller
 * cancels is cancelled, so the model stops as it would without us. Usage that the caller has not asked for is withheld.
 */
export function observeBody(response: Response, observed: ObservedCall, withholdsUsage: boolean): Response {
  const { body, status, statusText, headers, url, redirected } = response;
  if (!body) return response;
  // A fetch of the caller's own may give a stream of Node's.
  const reader = ('getReader' in body ? body : ReadableStream.from(body as AsyncIterable<Uint8Array>)).getReader();
  const chunks = readEvents(reader, observed, withholdsUsage);
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel(reason) {
        observed.end('cut');
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  const passedOn = new Response(stream, { status, statusText, headers });
  return Object.defineProperties(passedOn, { url: { value: url }, redirected: { value: redirected } });
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

async function* readEvents(
  reader: Reader,
  observed: ObservedCall,
  withholdsUsage: boolean,
): AsyncGenerator<Buffer, void> {
  const splitter = createEventSplitter();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      const events = splitter.push(next.value).map((event) => observeEvent(event, observed, withholdsUsage));
      const passed = Buffer.concat(events.filter((bytes) => bytes !== undefined));
      if (passed.length > 0) yield passed;
    }
    if (splitter.rest().length > 0) yield splitter.rest();
    observed.end('whole');
  } catch (error) {
    observed.end('cut');
    throw error;
  }
}

/** What the caller is to have of an event; undefined: nothing. */
function observeEvent(event: StreamEvent, observed: ObservedCall, withholdsUsage: boolean): Buffer | undefined {
  const data = parseData(event.data);
  // A client stops reading here.
  if (event.data === '[DONE]') observed.end('whole');
  if (!data) return event.bytes;
  observed.event(data);
  return withholdsUsage ? withoutUsage(event, data) : event.bytes;
}

/** The usage comes in a chunk of its own, without choices, and as null in every other (OpenAI's API reference). */
function withoutUsage(event: StreamEvent, data: Record<string, unknown>): Buffer | undefined {
  if (!('usage' in data)) return event.bytes;
  const { usage, ...rest } = data;
  if (usage === null) return encodeEvent(JSON.stringify(rest));
  const isUsageChunk = Array.isArray(data.choices) && data.choices.length === 0;
  return isUsageChunk ? undefined : event.bytes;
}

function parseData(data: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
