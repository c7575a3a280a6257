import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from './loopback.js';

type Count = string | number;

/** The record that Codex sends to a log collector for a completed response; without counts, the one for each response over HTTP. */
export function completedRecord(
  threadId: string,
  counts?: { input: Count; output: Count; cached?: Count; cacheWrite?: Count; reasoning?: Count },
) {
  const attributes = {
    'event.name': 'codex.sse_event',
    'event.kind': 'response.completed',
    'event.timestamp': '2026-11-28T13:13:29.920Z',
    'conversation.id': threadId,
    'app.version': '0.171.0',
    model: 'gpt-5.3-codex',
    ...(counts && {
      input_token_count: counts.input,
      cached_token_count: counts.cached ?? '0',
      cache_write_token_count: counts.cacheWrite ?? '0',
      output_token_count: counts.output,
      reasoning_token_count: counts.reasoning ?? '0',
    }),
  };
  const toValue = (value: Count) => (typeof value === 'string' ? { stringValue: value } : { intValue: value });
  return { attributes: Object.entries(attributes).map(([key, value]) => ({ key, value: toValue(value) })) };
}

/** The body of one request with these records. */
export function otelBody(...logRecords: unknown[]): string {
  return JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
}

/** A collector of logs, such as a user may have. `bodies` are those of the requests that have come. */
export async function startLogCollector() {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    bodies.push(await text(request));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  const { url, close } = await listenOnLoopback(server);
  return { bodies, close, exporter: `otel.exporter={otlp-http={endpoint="${url}/v1/logs",protocol="json"}}` };
}
