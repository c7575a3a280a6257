import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { WebSocket } from 'ws';
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
}

/** A client of `codex app-server`: one JSON object per line, in both directions. */
export interface AppServer {
  readonly pid: number;
  request(method: string, params: Json): Promise<Json>;
  /** Starts a thread and returns its id. */
  startThread(settings?: Json): Promise<string>;
  /** Starts a turn and returns its id. `settings` hold for this turn and the ones after it, such as `model` or `serviceTier`. */
  startTurn(threadId: string, text: string, settings?: Json): Promise<string>;
  /** Waits for the end of a turn that has been started. */
  untilTurnEnds(turnId: string): Promise<void>;
  /** Runs a turn to its end and returns its id. */
  runTurn(threadId: string, text: string, settings?: Json): Promise<string>;
  /** Takes back that turn and all after it (`thread/revert`, Codex 0.151 and later). */
  revert(threadId: string, beforeTurnId: string): Promise<void>;
  /** Every message so far. */
  readonly messages: readonly Json[];
  kill(signal: NodeJS.Signals): void;
  /** Closes its input and waits for its end. */
  close(): Promise<number | null>;
}

/** Starts `codex app-server`, metered unless `direct`, and greets it. Closing the workbench ends it. */
export async function startAppServer(bench: Workbench, options: AppServerOptions = {}): Promise<AppServer> {
  const { direct = false, codex = CODEX, args = [], env = {} } = options;
  const [file = '', ...first] = direct ? [codex] : [process.execPath, METERED];
  const child = spawn(file, [...first, 'app-server', ...args], {
    cwd: bench.workTree,
    env: { ...bench.env, CODEX_METERED_CODEX: codex, ...env },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  bench.adopt(child);
  const messages: Json[] = [];
  readMessages(child, messages);
  const client = await openClient(bench, messages, (message) => child.stdin?.write(`${JSON.stringify(message)}\n`));
  return {
    ...client,
    ...{ pid: child.pid ?? 0, messages },
    kill: (signal) => void child.kill(signal),
    async close() {
      child.stdin?.end();
      return untilExit(child);
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

async function untilExit(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

type Client = Omit<AppServer, 'pid' | 'messages' | 'kill' | 'close'>;

async function openClient(bench: Workbench, messages: readonly Json[], send: (message: Json) => void): Promise<Client> {
  let lastId = 0;
  const request = async (method: string, params: Json) => {
    const id = ++lastId;
    send({ id, method, params });
    const answer = await waitFor(`the answer to ${method}`, () => messages.find((message) => message.id === id));
    if (!answer.result) throw new Error(`${method}: ${JSON.stringify(answer)}`);
    return answer.result as Json;
  };
  const startTurn = async (threadId: string, text: string, settings: Json = {}) => {
    const input = [{ type: 'text', text }];
    return ((await request('turn/start', { threadId, input, ...settings })).turn as { id: string }).id;
  };
  const untilTurnEnds = async (turnId: string) => {
    await waitFor('the end of the turn', () => messages.some((message) => isEnd(message, turnId)));
  };
  const clientInfo = { name: 'test', title: 'Test', version: '1' };
  await request('initialize', { clientInfo, capabilities: { experimentalApi: true } });
  send({ method: 'initialized' });
  return {
    ...{ request, startTurn, untilTurnEnds },
    async startThread(settings = {}) {
      const { thread } = await request('thread/start', { cwd: bench.workTree, ...settings });
      return (thread as { id: string }).id;
    },
    async runTurn(threadId, text, settings) {
      const turnId = await startTurn(threadId, text, settings);
      await untilTurnEnds(turnId);
      return turnId;
    },
    async revert(threadId, beforeTurnId) {
      await request('thread/revert', { threadId, beforeTurnId });
    },
  };
}

function readMessages(child: ChildProcess, messages: Json[]): void {
  let rest = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    messages.push(...lines.filter(Boolean).map((line) => JSON.parse(line) as Json));
  });
}

function isEnd({ method, params }: Json, turnId: string): boolean {
  return method === 'turn/completed' && (params as { turn: { id: string } }).turn.id === turnId;
}
