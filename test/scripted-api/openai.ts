import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { listenOnLoopback } from '../harness/loopback.js';
import type { ReportedUsage } from './script.js';

type Json = Record<string, unknown>;

/** How the API answers one request: a whole answer, or events of a stream. */
export interface ScriptedAnswer {
  readonly status?: number;
  readonly json?: Json;
  readonly events?: readonly (Json | string)[];
  /** Keep a stream open after its events until the client goes away. */
  readonly hang?: boolean;
  /** Take the request and say nothing, not even a status. */
  readonly silent?: boolean;
  /** What a stream says it is; by default what it is. */
  readonly contentType?: string;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Json;
  /** True once the client has gone away before the end. */
  abandoned: boolean;
}

/** OpenAI's API on loopback, as a client of the package `openai` sees it. */
export interface OpenAIServer {
  readonly url: string;
  readonly asked: Asked[];
  close(): Promise<void>;
}

/** Starts the API on a free port; `answer` decides on every request. */
export async function startOpenAIServer(answer: (asked: Asked) => ScriptedAnswer): Promise<OpenAIServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    serve(request, response, asked, answer).catch(() => response.destroy());
  });
  const { url, close } = await listenOnLoopback(server);
  return { url: `${url}/v1`, asked, close };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  asked: Asked[],
  answer: (asked: Asked) => ScriptedAnswer,
): Promise<void> {
  const body = request.method === 'POST' ? ((await json(request)) as Json) : {};
  const { method = '', url = '', headers } = request;
  const one: Asked = { method, path: url, headers, body, abandoned: false };
  asked.push(one);
  response.on('close', () => {
    one.abandoned = !response.writableFinished;
  });
  const { status = 200, json: whole, events, hang, silent, contentType = 'text/event-stream' } = answer(one);
  if (silent) return;
  if (!events) {
    response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'req_1' });
    response.end(JSON.stringify(whole));
    return;
  }
  response.writeHead(200, { 'content-type': contentType, 'x-request-id': 'req_1' });
  response.flushHeaders();
  for (const event of events) response.write(typeof event === 'string' ? event : encode(event));
  if (!hang) response.end();
}

function encode(event: Json): string {
  const type = typeof event.type === 'string' ? `event: ${event.type}\n` : '';
  return `${type}data: ${JSON.stringify(event)}\n\n`;
}

const REPORTED = { input: 1200, cached: 1024, cacheWrite: 0, output: 85, reasoning: 64 };

function toChatUsage({ input, cached, output, reasoning }: Required<ReportedUsage>) {
  return {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: reasoning, audio_tokens: 0 },
  };
}

function toResponseUsage({ input, cached, cacheWrite, output, reasoning }: Required<ReportedUsage>) {
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached, cache_write_tokens: cacheWrite },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
}

/** Token counts as the Chat Completions API writes them. */
export const CHAT_USAGE = toChatUsage(REPORTED);
/** The same as the Responses API writes them. */
export const RESPONSE_USAGE = toResponseUsage(REPORTED);

/** Which answer of a server it is, by which its id differs from that of others, and what it used. */
export interface Billed {
  readonly number: number;
  readonly usage: Required<ReportedUsage>;
}

/** Answers as OpenAI does: with usage, in a stream only where it is asked for. `say` is the answer's text. */
export function answerLikeOpenAI(
  { path, body }: Asked,
  say = '{"shelves":3}',
  billed: Billed = { number: 1, usage: REPORTED },
): ScriptedAnswer {
  if (path.startsWith('/v1/responses')) return answerResponse(body, say, billed);
  const { number, usage: reported } = billed;
  const common = { id: `chatcmpl-${number}`, created: 1, model: 'gpt-5.1-2025-11-13', service_tier: 'default' };
  if (!body.stream) {
    const message = { role: 'assistant', content: say, refusal: null };
    const choices = [{ index: 0, message, logprobs: null, finish_reason: 'stop' }];
    return { json: { ...common, object: 'chat.completion', choices, usage: toChatUsage(reported) } };
  }
  const asksUsage = (body.stream_options as Json | undefined)?.include_usage === true;
  const chunk = (choices: Json[], usage: Json | null) => ({
    ...{ ...common, object: 'chat.completion.chunk', choices },
    ...(asksUsage && { usage }),
  });
  const delta = (part: Json, reason: string | null = null) => [{ index: 0, delta: part, finish_reason: reason }];
  const parts = say.match(/.{1,4}/gsu) ?? [];
  return {
    events: [
      chunk(delta({ role: 'assistant', content: '' }), null),
      ...parts.map((content) => chunk(delta({ content }), null)),
      chunk(delta({}, 'stop'), null),
      ...(asksUsage ? [chunk([], toChatUsage(reported))] : []),
      'data: [DONE]\n\n',
    ],
  };
}

function answerResponse(body: Json, say: string, { number, usage }: Billed): ScriptedAnswer {
  const content = [{ type: 'output_text', text: say, annotations: [] }];
  const item = { id: 'msg_1', type: 'message', status: 'completed', role: 'assistant', content };
  const common = { object: 'response', created_at: 1, model: 'gpt-5.1', service_tier: 'flex', tools: [] };
  const base = { ...common, id: `resp_${number}` };
  const whole = { ...base, status: 'completed', output: [item], usage: toResponseUsage(usage) };
  if (!body.stream) return { json: whole };
  const begun = { ...base, status: 'in_progress', output: [], usage: null };
  const place = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  const events = [
    { type: 'response.created', response: begun },
    { type: 'response.output_item.added', output_index: 0, item: { ...item, content: [], status: 'in_progress' } },
    { type: 'response.content_part.added', ...place, part: { ...content[0], text: '' } },
    ...(say.match(/.{1,4}/gsu) ?? []).map((delta) => ({ type: 'response.output_text.delta', ...place, delta })),
    { type: 'response.output_text.done', ...place, text: say },
    { type: 'response.content_part.done', ...place, part: content[0] },
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response: whole },
  ];
  return { events: events.map((event, sequence_number) => ({ ...event, sequence_number })) };
}
