import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { listenOnLoopback } from '../harness/loopback.js';
import { compactedResponse, encodeEvent, endEvent, inputOf, itemEvents, outputItems } from './events.js';
import type { LedgerEntry, ReceivedRequest } from './ledger.js';
import type { Reply, ReportedUsage, Scenario } from './script.js';

/** A scripted Responses API on loopback, and the ledger of everything it reported. */
export interface ScriptedApi {
  /** The provider's `base_url`. */
  url: string;
  ledger: LedgerEntry[];
  requests: ReceivedRequest[];
  /** Prompts that no scenario matched: a test that leaves one here has scripted too little. */
  unmatched: string[];
  add(...scenarios: Scenario[]): void;
  close(): Promise<void>;
}

const SUMMARIES: Readonly<Record<'local' | 'remote', Reply>> = {
  local: { message: 'Summary of the work so far.', usage: { input: 640, output: 25 } },
  remote: { compaction: 'c3VtbWFyeQ==', usage: { input: 640, output: 25 } },
};

/** Starts the API on a free port. Requests that match no scenario are answered with a plain message and are listed in `unmatched`. */
export async function startScriptedApi(...scenarios: Scenario[]): Promise<ScriptedApi> {
  const state = { scenarios, ledger: [], requests: [], unmatched: [], steps: new Map() } as State;
  const server = createServer((request, response) => {
    answer(state, request, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  const { url, close } = await listenOnLoopback(server);
  const { ledger, requests, unmatched } = state;
  return { url: `${url}/v1`, ledger, requests, unmatched, close, add: (...more) => void scenarios.unshift(...more) };
}

interface State extends Pick<ScriptedApi, 'ledger' | 'requests' | 'unmatched'> {
  scenarios: Scenario[];
  /** How many replies each (thread, turn, scenario) has been given. */
  steps: Map<string, number>;
}

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '').replace(/\?.*$/, '');
  const isCompaction = path === '/v1/responses/compact';
  if (request.method !== 'POST' || (path !== '/v1/responses' && !isCompaction)) {
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":{"message":"not found"}}');
    return;
  }
  const body = (await json(request)) as Record<string, unknown>;
  const headers = request.headers as Record<string, string>;
  const received: ReceivedRequest = { path, headers, body, answer: [] };
  state.requests.push(received);
  const caller = identify(headers);
  if (isCompaction) return compact(state, response, caller, received);
  await stream(state, response, caller, received, nextReply(state, caller, body));
}

/** Codex 0.80 to 0.125 asks another path for a remote compaction and ignores its usage. */
async function compact(state: State, response: ServerResponse, caller: Caller, received: ReceivedRequest) {
  const reply = findScenario(state, caller, received.body)?.compaction ?? SUMMARIES.remote;
  const entry = enter(state, { ...caller, requestKind: 'compaction' }, received, reply);
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(compactedResponse(entry, reply)));
}

interface Caller extends Pick<LedgerEntry, 'threadId' | 'turnId' | 'rootTurnId' | 'requestKind'> {
  thread: 'root' | 'child';
}

/** Reads who asks. Codex sends `thread-id` (`session_id` or `conversation_id` in old versions) and a JSON header on the turn. */
function identify(headers: Record<string, string>): Caller {
  const turn = JSON.parse(headers['x-codex-turn-metadata'] ?? '{}') as Record<string, string | undefined>;
  return {
    // A child's requests name its root thread as their session.
    thread:
      headers['x-openai-subagent'] === undefined && headers['thread-id'] === headers['session-id'] ? 'root' : 'child',
    threadId: headers['thread-id'] ?? turn.thread_id ?? headers['session_id'] ?? headers['conversation_id'],
    turnId: turn.turn_id,
    rootTurnId: turn.root_turn_id ?? turn.turn_id,
    requestKind: turn.request_kind,
  };
}

function nextReply(state: State, caller: Caller, body: Record<string, unknown>): Reply {
  const prompts = userMessages(body);
  const newest = prompts.at(-1) ?? '';
  const scenario = findScenario(state, caller, body);
  const compaction = compactionIn(caller, body);
  if (compaction) return scenario?.compaction ?? SUMMARIES[compaction];
  if (!scenario) {
    state.unmatched.push(newest);
    return { message: 'No scenario matches this prompt.' };
  }
  const key = `${caller.threadId}/${caller.turnId ?? prompts.length}/${String(scenario.prompt)}`;
  const step = state.steps.get(key) ?? 0;
  state.steps.set(key, step + 1);
  return scenario.replies[Math.min(step, scenario.replies.length - 1)] as Reply;
}

function findScenario(state: State, caller: Caller, body: Record<string, unknown>): Scenario | undefined {
  const newest = userMessages(body).at(-1) ?? '';
  return state.scenarios.find(
    ({ prompt, thread }) => matches(prompt, newest) && (thread === undefined || thread === caller.thread),
  );
}

/** Whether Codex asks for a summary, in words of its own (local) or by an item that the API answers with one (remote). */
function compactionIn(caller: Caller, body: Record<string, unknown>): 'local' | 'remote' | undefined {
  if (inputOf(body).some(({ type }) => type === 'compaction_trigger')) return 'remote';
  return caller.requestKind === 'compaction' ? 'local' : undefined;
}

function matches(prompt: string | RegExp, text: string): boolean {
  return typeof prompt === 'string' ? text.includes(prompt) : prompt.test(text);
}

function userMessages(body: Record<string, unknown>): string[] {
  return inputOf(body)
    .filter((item) => item.role === 'user' && Array.isArray(item.content))
    .map((item) => (item.content ?? []).map((part) => part.text ?? '').join('\n'));
}

async function stream(state: State, response: ServerResponse, caller: Caller, received: ReceivedRequest, reply: Reply) {
  const model = String(received.body.model);
  if (reply.delayMs) await delay(reply.delayMs);
  if (reply.status) {
    const error = reply.fail ?? { code: 'server_error', message: 'scripted failure' };
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
    return;
  }
  const responseId = newResponseId();
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    ...reply.headers,
    // Codex reads from this header which model answered, when it is not the one that it asked for.
    ...(reply.model && { 'openai-model': reply.model }),
  });
  received.answer = outputItems(responseId, reply, received.body);
  for (const event of itemEvents(responseId, model, received.answer)) response.write(encodeEvent(event));
  if (reply.hang) return;
  await reply.until;
  if (reply.cut) {
    response.socket?.end();
    response.destroy();
    return;
  }
  const usage = usageOf(reply);
  if (!reply.fail) enter(state, caller, received, reply, responseId);
  response.end(encodeEvent(endEvent(responseId, model, reply, usage)));
}

/** Enters a response into the ledger. */
function enter(
  state: State,
  { threadId, turnId, rootTurnId, requestKind }: Caller,
  received: ReceivedRequest,
  reply: Reply,
  responseId = newResponseId(),
): LedgerEntry {
  const entry: LedgerEntry = {
    ...{ sequence: state.ledger.length, responseId, threadId, turnId, rootTurnId, requestKind },
    request: state.requests.indexOf(received),
    model: reply.model ?? String(received.body.model),
    serviceTier: reply.serviceTier,
    usage: usageOf(reply),
    completedAtMs: Date.now(),
  };
  state.ledger.push(entry);
  return entry;
}

function newResponseId(): string {
  return `resp_${randomUUID().replaceAll('-', '')}`;
}

function usageOf({ usage }: Reply): Required<ReportedUsage> | null {
  return usage === null ? null : { cached: 0, cacheWrite: 0, reasoning: 0, ...(usage ?? { input: 100, output: 10 }) };
}
