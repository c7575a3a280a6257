import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import WebSocket from 'ws';
import { waitFor } from '../harness/wait.js';
import { CODEX, METERED, type Workbench } from '../harness/workbench.js';

type Json = Record<string, unknown>;

/** A client of `codex app-server`: one JSON object per line, in both directions. */
export interface AppServer {
  readonly pid: number;
  request(method: string, params: Json): Promise<Json>;
  /** Starts a thread and returns its id. */
  startThread(settings?: Json): Promise<string>;
  /** Runs a turn to its end. */
  runTurn(threadId: string, text: string): Promise<void>;
  /** Takes a thread back: its last turn is no more part of it (`thread/revert`, 0.151 and later). */
  takeBack(threadId: string): Promise<void>;
  /** Every message so far, as `method` or `id`. */
  readonly messages: readonly Json[];
  kill(signal: NodeJS.Signals): void;
  /** Closes its input and waits for its end. */
  close(): Promise<number | null>;
}

/** Starts `codex app-server`, metered unless asked otherwise, and talks to it on its standard streams. */
export async function startAppServer(bench: Workbench, { direct = false } = {}): Promise<AppServer> {
  const child = spawnAppServer(bench, [], { direct, stderr: 'ignore' });
  const messages: Json[] = [];
  readMessages(child, messages);
  const client = await openClient(bench, messages, (message) => child.stdin?.write(`${JSON.stringify(message)}\n`));
  return {
    ...client,
    ...{ pid: child.pid ?? 0, messages },
    kill: (signal) => void child.kill(signal),
    async close() {
      child.stdin?.end();
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      return child.exitCode;
    },
  };
}

/** Starts a metered `codex app-server` that listens on a port of loopback. `address` is what `--remote` takes. */
export async function startListeningServer(bench: Workbench): Promise<AppServer & { readonly address: string }> {
  const child = spawnAppServer(bench, ['--listen', 'ws://127.0.0.1:0'], { stderr: 'pipe' });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (said += chunk));
  const address = await waitFor('its address', () => /listening on: (ws:\/\/\S+)/.exec(said)?.[1]);
  const socket = new WebSocket(address);
  await once(socket, 'open');
  const messages: Json[] = [];
  socket.on('message', (data) => messages.push(JSON.parse(String(data)) as Json));
  const client = await openClient(bench, messages, (message) => socket.send(JSON.stringify(message)));
  return {
    ...client,
    ...{ pid: child.pid ?? 0, messages, address },
    kill: (signal) => void child.kill(signal),
    async close() {
      socket.terminate();
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      return child.exitCode;
    },
  };
}

interface ServerStart {
  readonly direct?: boolean;
  readonly stderr: 'ignore' | 'pipe';
}

function spawnAppServer(bench: Workbench, args: readonly string[], { direct = false, stderr }: ServerStart) {
  const program = direct ? [CODEX] : [process.execPath, METERED];
  return spawn(program[0] ?? '', [...program.slice(1), 'app-server', ...args], {
    cwd: bench.workTree,
    env: bench.env,
    stdio: ['pipe', 'pipe', stderr],
  });
}

type Client = Pick<AppServer, 'request' | 'startThread' | 'runTurn' | 'takeBack'>;

async function openClient(bench: Workbench, messages: readonly Json[], send: (message: Json) => void): Promise<Client> {
  let lastId = 0;
  const request = async (method: string, params: Json) => {
    const id = ++lastId;
    send({ id, method, params });
    const answer = await waitFor(`the answer to ${method}`, () => messages.find((message) => message.id === id));
    if (!answer.result) throw new Error(`${method}: ${JSON.stringify(answer)}`);
    return answer.result as Json;
  };
  await request('initialize', { clientInfo: { name: 'test', title: 'Test', version: '1' } });
  send({ method: 'initialized' });
  return {
    request,
    startThread: async (settings = {}) => {
      const { thread } = await request('thread/start', { cwd: bench.workTree, ...settings });
      return (thread as { id: string }).id;
    },
    async runTurn(threadId, text) {
      const ended = () => messages.filter((message) => isEnd(message, threadId)).length;
      const before = ended();
      await request('turn/start', { threadId, input: [{ type: 'text', text }] });
      await waitFor('the end of the turn', () => ended() > before);
    },
    async takeBack(threadId) {
      const { thread } = await request('thread/read', { threadId, includeTurns: true });
      const beforeTurnId = (thread as { turns: { id: string }[] }).turns.at(-1)?.id;
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

function isEnd({ method, params }: Json, threadId: string): boolean {
  return method === 'turn/completed' && (params as Json).threadId === threadId;
}
