import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { listenOnLoopback } from '../harness/loopback.js';

type Json = Record<string, unknown>;

/** The scripted API by the websocket that Codex prefers to HTTP: one request per message, one event per message. */
export interface WebsocketGateway {
  /** The provider's `base_url`. */
  readonly url: string;
  /** How many prewarming requests came, which ask for no response. */
  readonly prewarmed: number;
  close(): Promise<void>;
}

/**
 * Starts a gateway to the scripted API at `apiUrl`. It answers prewarming requests itself. A message holds only what is new
 * since the response before, so a scenario must have a prompt of its own for each.
 */
export async function startWebsocketGateway(apiUrl: string): Promise<WebsocketGateway> {
  const server = createServer((_, response) => void response.writeHead(404).end());
  const sockets = new WebSocketServer({ server });
  let prewarmed = 0;
  sockets.on('connection', (socket, { headers }) => {
    const send = (event: Json) => socket.send(JSON.stringify(event));
    socket.on('message', (data) => {
      const { generate, ...body } = JSON.parse(String(data)) as Json;
      if (generate === false) {
        prewarmed++;
        for (const event of PREWARMED) send(event);
      } else void ask(apiUrl, headers, body, send).catch(() => socket.terminate());
    });
  });
  const { url, close } = await listenOnLoopback(server);
  return {
    url: `${url}/v1`,
    get prewarmed() {
      return prewarmed;
    },
    close() {
      for (const socket of sockets.clients) socket.terminate();
      return close();
    },
  };
}

async function ask(apiUrl: string, headers: NodeJS.Dict<string | string[]>, body: Json, send: (event: Json) => void) {
  const passedOn = ['thread-id', 'session-id', 'x-codex-turn-metadata'].flatMap((name) => {
    const value = headers[name];
    return value === undefined ? [] : [[name, String(value)] as [string, string]];
  });
  const response = await fetch(`${apiUrl}/responses`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...Object.fromEntries(passedOn) },
    body: JSON.stringify(body),
  });
  const lines = (await response.text()).split('\n').filter((line) => line.startsWith('data: '));
  for (const line of lines) send(JSON.parse(line.slice('data: '.length)) as Json);
}

const ZEROS = { input_tokens: 0, output_tokens: 0, total_tokens: 0 };
const PREWARMED: readonly Json[] = [
  { type: 'response.created', response: { id: 'resp_prewarmed' } },
  { type: 'response.completed', response: { id: 'resp_prewarmed', usage: ZEROS } },
];
