import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { monotonicMs } from '../node/clock.js';

/** A collector of OTLP logs for one Codex, on loopback. It accepts only requests with the secret. */
export interface OtlpSink {
  readonly endpoint: string;
  /** How many requests and connections were refused, by reason. */
  readonly refused: ReadonlyMap<string, number>;
  /** Passes on each request's body, beginning with those that have come already. */
  onBody(handle: (body: string) => void): void;
  /** Accepts what Codex sent before it ended, then closes. */
  close(): Promise<void>;
}

export interface SinkOptions {
  /** The header that every request must carry, its name in lower case. */
  readonly secret: { readonly header: string; readonly value: string };
  readonly limits?: Partial<SinkLimits>;
  /** The descriptor of a socket that listens already. By default a free port of 127.0.0.1 is used. */
  readonly fd?: number;
}

const LIMITS = {
  /** Codex sends at most 512 events at a time (0.171). An event can hold all that a command printed. */
  bodyBytes: 32 * 1024 * 1024,
  /** How long a request may take from its first header to its last byte. */
  requestMs: 10_000,
  /** How long a connection may stay open without having shown the secret, and how many of them there may be. */
  strangerMs: 5000,
  strangers: 16,
  connections: 64,
  /** How long `close` waits for connections that are still open. */
  drainMs: 250,
};
export type SinkLimits = typeof LIMITS;

/** Starts the sink. Rejects when it cannot listen. */
export async function openOtlpSink({ secret, limits: given, fd }: SinkOptions): Promise<OtlpSink> {
  const limits = { ...LIMITS, ...given };
  const waiting: string[] = [];
  let handle = (body: string): void => void waiting.push(body);
  const refused = new Map<string, number>();
  const refuse = (reason: string) => void refused.set(reason, (refused.get(reason) ?? 0) + 1);
  const gate = createGate(limits, refuse);
  const server = createServer((request, response) => {
    const reason = findRefusal(request, secret);
    if (reason) return reject(response, reason, refuse);
    gate.admit(request.socket);
    receive(request, response, limits)
      .then((body) => handle(body))
      .catch((error: unknown) => refuse(error instanceof Refusal ? error.message : 'it was cut off'));
  });
  // Idle connections stay open: Codex would lose what it sends while we close one. The gate closes those without the secret.
  server.keepAliveTimeout = 0;
  server.maxConnections = limits.connections;
  server.on('connection', gate.enter);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if (fd === undefined) server.listen(0, '127.0.0.1', resolve);
    else server.listen({ fd }, resolve);
  });
  // An open sink must not keep this process alive after Codex has ended.
  server.unref();
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs`,
    refused,
    onBody(handler) {
      handle = handler;
      for (const body of waiting.splice(0)) handler(body);
    },
    async close() {
      await gate.drain(limits.drainMs);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

class Refusal extends Error {}

function findRefusal(request: IncomingMessage, secret: SinkOptions['secret']): string | undefined {
  const shown = Buffer.from(String(request.headers[secret.header] ?? ''));
  const wanted = Buffer.from(secret.value);
  if (shown.length !== wanted.length || !timingSafeEqual(shown, wanted)) return 'it did not come from this Codex';
  if (request.method !== 'POST' || request.url !== '/v1/logs') return 'it was no report of logs';
  return undefined;
}

function reject(response: ServerResponse, reason: string, refuse: (reason: string) => void): void {
  refuse(reason);
  // Node then closes the connection without reading the body.
  response.writeHead(403, { connection: 'close' }).end();
}

/** Reads a request with the secret and answers it. Rejects with the reason when it is refused. */
async function receive(request: IncomingMessage, response: ServerResponse, limits: SinkLimits): Promise<string> {
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    request.destroy();
  }, limits.requestMs);
  timer.unref();
  try {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > limits.bodyBytes) throw new Refusal('it was too long');
      chunks.push(chunk);
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    response.destroy();
    throw late ? new Refusal('it took too long') : error;
  } finally {
    clearTimeout(timer);
  }
}

/** Closes connections that do not show the secret in time. Of too many such connections the oldest is closed. */
function createGate(limits: SinkLimits, refuse: (reason: string) => void) {
  const open = new Set<Socket>();
  const strangers = new Map<Socket, NodeJS.Timeout>();
  const close = (socket: Socket, reason: string) => {
    refuse(reason);
    socket.destroy();
  };
  const forget = (socket: Socket) => {
    clearTimeout(strangers.get(socket));
    strangers.delete(socket);
  };
  return {
    enter(socket: Socket): void {
      open.add(socket);
      const timer = setTimeout(() => close(socket, 'it said nothing'), limits.strangerMs);
      timer.unref();
      strangers.set(socket, timer);
      socket.once('close', () => {
        forget(socket);
        open.delete(socket);
      });
      const [first] = strangers.keys();
      if (first && strangers.size > limits.strangers) {
        forget(first);
        close(first, 'there were too many connections');
      }
    },
    /** The connection has shown the secret. */
    admit: forget,
    /** Waits until all connections have ended, including those that are not accepted yet. */
    async drain(limitMs: number): Promise<void> {
      const deadline = monotonicMs() + limitMs;
      // The first turns of the event loop accept the connections that wait in the kernel after Codex was killed.
      for (let turn = 0; turn < 3 || (open.size > 0 && monotonicMs() < deadline); turn++) {
        await new Promise((resolve) => (turn < 3 ? setImmediate(resolve) : setTimeout(resolve, 2)));
      }
    },
  };
}
