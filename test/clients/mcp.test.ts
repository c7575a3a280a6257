import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname, join } from 'node:path';
import { describe, expect } from 'vitest';
import { listProcesses, untilMetersEnd } from '../harness/children.js';
import { expectUndisturbed, withoutVarying } from '../harness/compare.js';
import { putInPlace } from '../harness/in-place.js';
import { expectExact } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import type { Workbench } from '../harness/workbench.js';
import { installRelease, NotInstalled } from '../matrix/releases.js';
import type { Scenario } from '../scripted-api/script.js';

// What a client of the Model Context Protocol does, as its TypeScript SDK 1.x (2025): it starts the command with a handful of
// variables and those of its configuration, and ends it by closing its input, SIGTERM after two seconds and SIGKILL after two more.

/** The last release here that has `codex mcp-server`: 0.155 and later take it for a prompt. */
const LAST_WITH_SERVER = '0.153.4';
const PATIENCE_MS = 2000;

const SHELVES: Scenario = {
  prompt: 'shelves',
  replies: [
    {
      calls: [{ tool: 'exec_command', cmd: 'echo 3' }],
      usage: { input: 5000, cached: 256, output: 70, reasoning: 11 },
    },
    { message: 'Three shelves.', usage: { input: 5900, cached: 5376, output: 33 } },
  ],
};
const AGAIN: Scenario = { prompt: 'again', replies: [{ message: 'Three.', usage: { input: 6100, output: 12 } }] };

type Json = Record<string, unknown>;

interface McpClient {
  readonly pid: number;
  readonly messages: readonly Json[];
  request(method: string, params: Json): Promise<Json>;
  /** Returns what it took, and how the server ended. */
  close(): Promise<{ sent: string[]; end: unknown[] }>;
}

async function openMcpClient(bench: Workbench, env: NodeJS.ProcessEnv): Promise<McpClient> {
  const child = spawn('codex', ['mcp-server'], { cwd: bench.workTree, env, stdio: ['pipe', 'pipe', 'ignore'] });
  bench.adopt(child);
  const ended = once(child, 'exit');
  const messages = readMessages(child);
  const send = (message: Json) => void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  let lastId = -1;
  const request = async (method: string, params: Json) => {
    const id = ++lastId;
    send({ id, method, params });
    const answer = await waitFor(`the answer to ${method}`, () => messages.find((one) => one.id === id && !one.method));
    if (!answer.result) throw new Error(`${method}: ${JSON.stringify(answer)}`);
    return answer.result as Json;
  };
  const clientInfo = { name: 'client', version: '1.0.0' };
  await request('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
  send({ method: 'notifications/initialized' });
  return {
    ...{ pid: child.pid ?? 0, messages, request },
    async close() {
      const sent: string[] = ['end of input'];
      child.stdin.end();
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
        const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE_MS, 'over').unref());
        if ((await Promise.race([ended, patience])) !== 'over') break;
        child.kill(signal);
        sent.push(signal);
      }
      return { sent, end: await ended };
    },
  };
}

function readMessages(child: ChildProcess): Json[] {
  const messages: Json[] = [];
  let rest = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    messages.push(...lines.filter(Boolean).map((line) => JSON.parse(line) as Json));
  });
  return messages;
}

/** The few variables that the SDK hands on, and CODEX_HOME of the client's configuration. */
function environmentOf(bench: Workbench, direct: boolean, codex: string): NodeJS.ProcessEnv {
  const { PATH = '', HOME, SHELL, TERM, USER } = putInPlace(bench, { direct });
  const [front = '', ...others] = PATH.split(delimiter);
  const path = direct ? [dirname(codex), front, ...others] : [front, dirname(codex), ...others];
  return { HOME, SHELL, TERM, USER, PATH: path.join(delimiter), CODEX_HOME: bench.codexHome };
}

/** Answers a tool call with the text that the tool gave. */
async function call(client: McpClient, name: string, input: Json): Promise<Json> {
  return client.request('tools/call', { name, arguments: input });
}

describe('a client of the Model Context Protocol', () => {
  test('uses codex mcp-server as without us, in two threads and a further turn, and is recorded exactly', async ({
    bench,
    skip,
  }) => {
    const codex = await installRelease(LAST_WITH_SERVER).catch((error: unknown) => {
      if (error instanceof NotInstalled) return skip(error.message);
      throw error;
    });
    bench.api.add(SHELVES, AGAIN);
    const ends = [];
    for (const direct of [true, false]) {
      const reported = bench.api.ledger.length;
      const client = await openMcpClient(bench, environmentOf(bench, direct, codex));
      const { tools } = await client.request('tools/list', {});
      const settings = { cwd: bench.workTree, sandbox: 'read-only', 'approval-policy': 'never' };
      const first = await call(client, 'codex', { prompt: 'shelves', ...settings });
      const { threadId } = first.structuredContent as { threadId: string };
      const answers = [first, await call(client, 'codex-reply', { threadId, prompt: 'again' })];
      answers.push(await call(client, 'codex', { prompt: 'more shelves', ...settings }));
      ends.push({ ...(await client.close()), tools, answers: withoutVarying(JSON.stringify(answers)) });
      await untilMetersEnd(bench.folder);
      expect(listProcesses(bench.folder)).toEqual([]);
      const ledger = bench.api.ledger.slice(reported);
      expect(ledger).toHaveLength(5);
      if (direct) continue;
      const database = join(bench.folder, '.local', 'share', 'codex-metered', 'usage.db');
      expect(expectExact({ ...bench, database }, { pid: client.pid, ledger })).toMatchObject({
        ...{ command: 'mcp-server', projectId: 'shop', notes: [] },
      });
    }
    expect(ends[1]).toEqual(ends[0]);
    expect(ends[0]?.answers).toContain('Three shelves.');
  });

  test('is told by a Codex that has no mcp-server any more what it is told without us', async ({ bench }) => {
    const [direct, metered] = [
      await bench.run(['mcp-server'], { direct: true, stdin: '' }),
      await bench.run(['mcp-server'], { stdin: '' }),
    ];
    expectUndisturbed(metered, direct);
    expect(direct.exitCode).toBe(1);
  });
});
