import { createEventSplitter, encodeEvent, type StreamEvent } from '../agents/openai/event-stream.js';
import { isObject } from '../formats/json.js';
import type { ObservedCall } from './observed-calls.js';

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
