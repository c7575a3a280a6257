import { createServer, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { listenOnLoopback } from '../harness/loopback.js';

/** What one message was billed, as the Messages API counts: input apart from what the cache served and took in. */
export interface BilledMessage {
  readonly id: string;
  readonly model: string;
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  readonly output: number;
}

/** A scripted Messages API on loopback, and the ledger of all it reported. */
export interface MessagesApi {
  readonly url: string;
  readonly ledger: BilledMessage[];
  close(): Promise<void>;
}

interface Request {
  readonly model: string;
  readonly stream?: boolean;
  readonly messages: readonly { readonly role: string; readonly content: unknown }[];
  readonly tools?: readonly { readonly name: string }[];
}

interface ToolUse {
  readonly name: string;
  readonly input: object;
}

export interface MessagesApiOptions {
  /** `from one`: as some proxies do, so that the messages of two APIs have the same ids. `unique` when absent. */
  readonly ids?: 'unique' | 'from one';
}

/**
 * Starts the API. It answers by the newest message: `please loop` calls two tools at once, `please delegate` a sub-agent,
 * `please fill` a tool and says that the context is all but full, so that Claude Code compacts it, and the first answer to
 * `please stumble` ends within its first block; what a tool answered, and all else, gets a text. What has no tools, as a
 * hook of type `prompt` has none, gets the answer of such a hook.
 */
export async function startMessagesApi({ ids = 'unique' }: MessagesApiOptions = {}): Promise<MessagesApi> {
  const ledger: BilledMessage[] = [];
  const nameMessage = (number: number) =>
    ids === 'unique' ? `msg_${process.pid}_${number}_${Date.now()}` : `msg_${number}`;
  const server = createServer(async (request, response) => {
    if (request.method !== 'POST' || !request.url?.startsWith('/v1/messages?')) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{}');
      return;
    }
    answer((await json(request)) as Request, ledger, nameMessage, response);
  });
  return { ...(await listenOnLoopback(server)), ledger };
}

const CUT_AFTER_MS = 1500;

/** More than any model's context leaves free. */
const FULL_TOKENS = 990_000;

function answer(
  request: Request,
  ledger: BilledMessage[],
  nameMessage: (number: number) => string,
  response: ServerResponse,
): void {
  const number = ledger.length + 1;
  const newest = JSON.stringify(request.messages.findLast(({ role }) => role === 'user')?.content);
  const isFull = newest.includes('please fill');
  const isCut = newest.includes('please stumble') && number === 1;
  const billed: BilledMessage = {
    id: nameMessage(number),
    model: request.model,
    ...{ input: (isFull ? FULL_TOKENS : 10) + number, output: 50 + number },
    ...{ cacheRead: 2000 + number, cacheWrite5m: 100 + number, cacheWrite1h: 200 + number },
  };
  ledger.push(billed);
  const tools = chooseTools(request, newest);
  const text = request.tools?.length ? 'Hello.' : '{"ok": true}';
  const blocks = [
    { type: 'text', text },
    ...tools.map((tool, index) => ({ type: 'tool_use', id: `toolu_${number}_${index}`, ...tool })),
  ];
  const message = { id: billed.id, type: 'message', role: 'assistant', model: request.model };
  const end = { stop_reason: tools.length > 0 ? 'tool_use' : 'end_turn', stop_sequence: null };
  if (!request.stream) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ ...message, content: blocks, ...end, usage: toUsage(billed, billed.output) }));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'request-id': `req_${number}` });
  const send = (type: string, data: object) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  send('message_start', { message: { ...message, content: [], stop_reason: null, usage: toUsage(billed, 1) } });
  blocks.forEach((block, index) => {
    const isTool = 'input' in block;
    const [begin, delta] = isTool
      ? [
          { ...block, input: {} },
          { type: 'input_json_delta', partial_json: JSON.stringify(block.input) },
        ]
      : [
          { type: 'text', text: '' },
          { type: 'text_delta', text },
        ];
    send('content_block_start', { index, content_block: begin });
    send('content_block_delta', { index, delta });
    if (!isCut) send('content_block_stop', { index });
  });
  if (isCut) {
    // A client that gets the end together with the beginning may read neither, so the end comes a little later.
    setTimeout(() => response.destroy(), CUT_AFTER_MS);
    return;
  }
  send('message_delta', { delta: end, usage: toUsage(billed, billed.output) });
  send('message_stop', {});
  response.end();
}

function chooseTools({ tools = [] }: Request, newest: string): ToolUse[] {
  if (newest.includes('tool_result')) return [];
  const offers = (name: string) => tools.some((tool) => tool.name === name);
  if (newest.includes('please loop') && offers('Bash')) {
    return ['one', 'two'].map((word) => ({ name: 'Bash', input: { command: `echo ${word}`, description: 'say it' } }));
  }
  if (newest.includes('please fill') && offers('Bash')) {
    return [{ name: 'Bash', input: { command: 'echo full', description: 'say it' } }];
  }
  const agent = ['Agent', 'Task'].find(offers);
  if (!newest.includes('please delegate') || !agent) return [];
  const input = { description: 'count', prompt: 'Count the shelves.', subagent_type: 'general-purpose' };
  return [{ name: agent, input }];
}

function toUsage({ input, cacheRead, cacheWrite5m, cacheWrite1h }: BilledMessage, output: number): object {
  return {
    input_tokens: input,
    cache_creation_input_tokens: cacheWrite5m + cacheWrite1h,
    cache_read_input_tokens: cacheRead,
    cache_creation: { ephemeral_5m_input_tokens: cacheWrite5m, ephemeral_1h_input_tokens: cacheWrite1h },
    output_tokens: output,
    service_tier: 'standard',
  };
}
