import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A collector of OTLP logs for one Codex, on loopback, at an address that nobody can guess. */
export interface OtlpSink {
  readonly endpoint: string;
  /** Hands over each request's body, those that have come before first. */
  onBody(handle: (body: string) => void): void;
  close(): Promise<void>;
}

/** Starts the sink on a free port of 127.0.0.1. Rejects when there is none. */
export async function openOtlpSink(): Promise<OtlpSink> {
  const path = `/${randomBytes(16).toString('hex')}/v1/logs`;
  const waiting: string[] = [];
  let handle = (body: string): void => void waiting.push(body);
  const server = createServer((request, response) => {
    void receive(path, request, response, (body) => handle(body));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  // Codex is what this process waits for.
  server.unref();
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    onBody(handler) {
      handle = handler;
      for (const body of waiting.splice(0)) handler(body);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function receive(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  handle: (body: string) => void,
): Promise<void> {
  try {
    if (request.method !== 'POST' || request.url !== path) {
      response.writeHead(404).end();
      return;
    }
    handle(await text(request));
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  } catch {
    response.destroy();
  }
}
