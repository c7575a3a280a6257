import { createServer, type IncomingMessage, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import definitions from 'otlp-definitions/build/src/generated/root.js';
import { onTestFinished } from 'vitest';
import { listenOnLoopback } from './loopback.js';

// biome-ignore lint/suspicious/noExplicitAny: decoded messages are looked into from test to test.
export type Message = any;

const { metrics, logs } = (definitions as Message).opentelemetry.proto.collector;
const SERVICES = {
  '/v1/metrics': { request: metrics.v1.ExportMetricsServiceRequest, response: metrics.v1.ExportMetricsServiceResponse },
  '/v1/logs': { request: logs.v1.ExportLogsServiceRequest, response: logs.v1.ExportLogsServiceResponse },
} as const;

export interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  /** The request as the official definitions decode it. */
  readonly body: Message;
}

/** What the collector does with the next request. `status`: answers so; `stall`: never answers; `cut`: ends the connection. */
export type Behaviour =
  | { readonly status: number; readonly retryAfter?: string }
  | { readonly partial: { readonly rejected: number; readonly because: string } }
  | 'accept'
  | 'stall'
  | 'cut';

export interface Collector {
  readonly url: string;
  /** Requests that were answered with 200, in their order. */
  readonly accepted: readonly Received[];
  /** All requests. */
  readonly received: readonly Received[];
  /** From now on it does so, until it is told otherwise. */
  behave(how: Behaviour): void;
  close(): void;
}

/** An OpenTelemetry collector on loopback, for the running test. `listen` makes it https where a server is given. */
export async function startCollector(server: Server = createServer()): Promise<Collector> {
  const received: Received[] = [];
  const accepted: Received[] = [];
  let behaviour: Behaviour = 'accept';
  server.on('request', async (request: IncomingMessage, response) => {
    const bytes = await buffer(request);
    const path = request.url ?? '';
    const service = SERVICES[path as keyof typeof SERVICES];
    if (!service) return void response.writeHead(404).end();
    const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
    const decoded: Message = service.request.decode(plain);
    const body = service.request.toObject(decoded, { longs: Number, defaults: false });
    const one = { path, headers: request.headers, body };
    received.push(one);
    if (behaviour === 'stall') return;
    if (behaviour === 'cut') return void request.socket.destroy();
    if (typeof behaviour === 'object' && 'status' in behaviour) {
      const { status, retryAfter } = behaviour;
      return void response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter }).end();
    }
    accepted.push(one);
    const partial = typeof behaviour === 'object' ? behaviour.partial : undefined;
    const name = path === '/v1/logs' ? 'rejectedLogRecords' : 'rejectedDataPoints';
    const answer = partial ? { partialSuccess: { [name]: partial.rejected, errorMessage: partial.because } } : {};
    response.writeHead(200, { 'content-type': 'application/x-protobuf' });
    response.end(service.response.encode(answer as Message).finish());
  });
  const { url, close } = await listenOnLoopback(server);
  onTestFinished(close);
  return {
    // A certificate is of a name.
    url: url.replace('http://127.0.0.1', `${'setSecureContext' in server ? 'https' : 'http'}://localhost`),
    ...{ accepted, received, close: () => void close() },
    behave(how) {
      behaviour = how;
    },
  };
}

export interface FlatPoint {
  readonly name: string;
  readonly value: number;
  readonly attributes: Readonly<Record<string, string>>;
  /** Epoch nanoseconds, as far as a number can tell. */
  readonly start: number;
  readonly end: number;
  readonly metric: Message;
  readonly point: Message;
}

/** Every point of requests, with its metric. */
export function listPoints(requests: readonly Received[]): FlatPoint[] {
  const metrics = requests
    .flatMap(({ body }) => body.resourceMetrics ?? [])
    .flatMap((one: Message) => {
      return one.scopeMetrics.flatMap((scope: Message) => scope.metrics);
    });
  return metrics.flatMap((metric: Message) => {
    const points = (metric.sum ?? metric.gauge ?? metric.histogram).dataPoints;
    return points.map((point: Message) => ({
      ...{ name: metric.name, metric, point, attributes: toAttributes(point.attributes) },
      ...{ value: point.asInt ?? point.asDouble ?? point.sum, start: point.startTimeUnixNano, end: point.timeUnixNano },
    }));
  });
}

export function toAttributes(list: readonly Message[] = []): Record<string, string> {
  return Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]]));
}
