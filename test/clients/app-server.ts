import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { withoutVarying } from '../harness/compare.js';
import { waitFor } from '../harness/wait.js';
import { CODEX, METERED, type Workbench } from '../harness/workbench.js';

type Json = Record<string, unknown>;

export interface AppServerOptions {
  /** Run Codex itself, unmetered. */
  readonly direct?: boolean;
  /** The Codex to run, in place of the one that is installed here. */
  readonly codex?: string;
  /** Arguments after `app-server`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What is started in place of Codex or codex-metered. */
  readonly command?: readonly string[];
  /** Whether it leads a process group of its own. */
  readonly group?: 'own' | 'shared';
  /** What its client says of itself. */
  readonly greeting?: { readonly clientInfo: Json; readonly capabilities: Json };
}

/** How a process ended. */
export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A `codex app-server` and its client: one JSON object per line, in both directions. */
export interface AppServer extends Client {
  readonly pid: number;
  /** Every message so far. */
  readonly messages: readonly Json[];
  kill(signal: NodeJS.Signals): void;
  closeInput(): void;
  readonly ended: Promise<ProcessEnd>;
  /** Closes its input and waits for its end. */
  close(): Promise<number | null>;
}

/** Starts `codex app-server`, metered unless `direct`, and greets it. Closing the workbench ends it. */
export async function startAppServer(bench: Workbench, options: AppServerOptions = {}): Promise<AppServer> {
  const { direct = false, codex = CODEX, args = [], env = {} } = options;
  const [file = '', ...first] = options.command ?? (direct ? [codex] : [process.execPath, METERED]);
  const child = spawn(file, [...first, 'app-server', ...args], {
    cwd: bench.workTree,
    env: { ...bench.env, CODEX_METERED_CODEX: codex, ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: options.group === 'own',
  });
  bench.adopt(child);
  const ended = once(child, 'exit').then(([exitCode, signal]) => ({ exitCode, signal }) as ProcessEnd);
  // Whoever has killed it may still be writing to it.
  child.stdin.on('error', () => undefined);
  const messages = readMessages(child);
  const send = (message: Json) => void child.stdin.write(`${JSON.stringify(message)}\n`);
  const client = await openClient(bench, messages, send, options.greeting);
  return {
    ...client,
    ...{ pid: child.pid ?? 0, messages, ended },
    kill: (signal) => void child.kill(signal),
    closeInput: () => void child.stdin.end(),
    async close() {
      child.stdin.end();
      return (await ended).exitCode;
    },
  };
}

/** A client of a server that listens, by a websocket. `disconnect` leaves the server as it is. */
export async function connectTo(
  bench: Workbench,
  { address }: { readonly address: string },
): Promise<Client & { disconnect(): void }> {
  const socket = new WebSocket(address);
  await once(socket, 'open');
  const messages: Json[] = [];
  socket.on('message', (data) => messages.push(JSON.parse(String(data)) as Json));
  const client = await openClient(bench, messages, (message) => socket.send(JSON.stringify(message)));
  return { ...client, disconnect: () => socket.terminate() };
}

type Client = Awaited<ReturnType<typeof openClient>>;

const GREETING = {
  clientInfo: { name: 'test', title: 'Test', version: '1' },
  capabilities: { experimentalApi: true },
};

async function openClient(
  bench: Workbench,
  messages: readonly Json[],
  send: (message: Json) => void,
  greeting: AppServerOptions['greeting'] = GREETING,
) {
  const request = createRequester(messages, send);
  /** Starts a turn and returns its id. `settings` hold for this turn and the ones after it, such as `model` or `serviceTier`. */
  const startTurn = async (threadId: string, text: string, settings: Json = {}) => {
    const input = [{ type: 'text', text }];
    return ((await request('turn/start', { threadId, input, ...settings })).turn as { id: string }).id;
  };
  /** Waits for the end of a turn that has been started. */
  const untilTurnEnds = async (turnId: string) => {
    await waitFor('the end of the turn', () => messages.some((message) => isEnd(message, turnId)));
  };
  await request('initialize', { ...greeting });
  send({ method: 'initialized' });
  return {
    ...{ request, startTurn, untilTurnEnds },
    /** Starts a thread and returns its id. */
    async startThread(settings: Json = {}): Promise<string> {
      const { thread } = await request('thread/start', { cwd: bench.workTree, ...settings });
      return (thread as { id: string }).id;
    },
    /** Runs a turn to its end and returns its id. */
    async runTurn(threadId: string, text: string, settings: Json = {}): Promise<string> {
      const turnId = await startTurn(threadId, text, settings);
      await untilTurnEnds(turnId);
      return turnId;
    },
    /** Takes back that turn and all after it (`thread/revert`, Codex 0.151 and later). */
    async revert(threadId: string, beforeTurnId: string): Promise<void> {
      await request('thread/revert', { threadId, beforeTurnId });
    },
  };
}

/**
 * What a server has said of threads, turns and items, without what differs from run to run, sorted: what runs side by side
 * is told in any order.
 */
export function describeMessages({ messages }: Pick<AppServer, 'messages'>): string[] {
  // In how many pieces the output of a command arrives, and whether at all, is a matter of time.
  const about = messages.filter(
    ({ method }) => /^(thread|turn|item)\//.test(String(method)) && method !== 'item/commandExecution/outputDelta',
  );
  const VARYING = /"\w+(?:Ms|At)":\d+|resp_[0-9a-f]{32}|"processId":"\d+"/g;
  return about.map((message) => withoutVarying(JSON.stringify(message).replaceAll(VARYING, ''))).toSorted();
}

/** The messages that a process writes, one JSON object per line: those so far, and all that come. */
export function readMessages(child: ChildProcess): Json[] {
  const messages: Json[] = [];
  let rest = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    messages.push(...lines.filter(Boolean).map((line) => JSON.parse(line) as Json));
  });
  return messages;
}

/** Returns what sends a request and finds its answer among the messages. */
export function createRequester(messages: readonly Json[], send: (message: Json) => void) {
  let lastId = -1;
  return async (method: string, params: Json): Promise<Json> => {
    const id = ++lastId;
    send({ id, method, params });
    const answer = await waitFor(`the answer to ${method}`, () => messages.find((one) => one.id === id && !one.method));
    if (!answer.result) throw new Error(`${method}: ${JSON.stringify(answer)}`);
    return answer.result as Json;
  };
}

function isEnd({ method, params }: Json, turnId: string): boolean {
  return method === 'turn/completed' && (params as { turn: { id: string } }).turn.id === turnId;
}
