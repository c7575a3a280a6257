import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { waitFor } from '../harness/wait.js';
import { CODEX, METERED, type Workbench } from '../harness/workbench.js';

type Json = Record<string, unknown>;

/** A client of `codex app-server`: one JSON object per line, in both directions. */
export interface AppServer {
  readonly pid: number;
  request(method: string, params: Json): Promise<Json>;
  /** Starts a thread and returns its id. */
  startThread(): Promise<string>;
  /** Runs a turn to its end. */
  runTurn(threadId: string, text: string): Promise<void>;
  /** Takes a thread back: its last turn is no more part of it (`thread/revert`, 0.151 and later). */
  takeBack(threadId: string): Promise<void>;
  /** Every message so far, as `method` or `id`. */
  readonly messages: readonly Json[];
  /** Closes its input and waits for its end. */
  close(): Promise<number | null>;
}

export async function startAppServer(bench: Workbench, { direct = false } = {}): Promise<AppServer> {
  const program = direct ? [CODEX] : [process.execPath, METERED];
  const child = spawn(program[0] ?? '', [...program.slice(1), 'app-server'], {
    cwd: bench.workTree,
    env: bench.env,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const messages: Json[] = [];
  readMessages(child, messages);
  let lastId = 0;
  const send = (message: Json) => child.stdin?.write(`${JSON.stringify(message)}\n`);
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
    pid: child.pid ?? 0,
    messages,
    request,
    startThread: async () => ((await request('thread/start', { cwd: bench.workTree })).thread as { id: string }).id,
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
    async close() {
      child.stdin?.end();
      if (child.exitCode === null) await once(child, 'exit');
      return child.exitCode;
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
