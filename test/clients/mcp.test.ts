import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, dirname, join } from 'node:path';
import { describe, expect } from 'vitest';
import { listProcesses, untilMetersEnd } from '../harness/children.js';
import { expectSameAsDirect, expectUndisturbed, withoutVarying } from '../harness/compare.js';
import { putInPlace } from '../harness/in-place.js';
import { expectExact } from '../harness/record.js';
import { test } from '../harness/test.js';
import type { Workbench } from '../harness/workbench.js';
import { installRelease, NotInstalled } from '../matrix/releases.js';
import { SHELVES } from '../scripted-api/scenarios.js';
import { answer, turn } from '../scripted-api/script.js';
import { createRequester, readMessages } from './app-server.js';

// What a client of the Model Context Protocol does, as its TypeScript SDK 1.x (2025): it starts the command with a handful of
// variables and those of its configuration, and ends it by closing its input, SIGTERM after two seconds and SIGKILL after two more.

/** The last release here that has `codex mcp-server`: 0.155 and later take it for a prompt. */
const LAST_WITH_SERVER = '0.153.4';
const PATIENCE_MS = 2000;

const AGAIN = turn('again', answer('Three.', { input: 6100, output: 12 }));

type Json = Record<string, unknown>;

async function openMcpClient(bench: Workbench, env: NodeJS.ProcessEnv) {
  const child = spawn('codex', ['mcp-server'], { cwd: bench.workTree, env, stdio: ['pipe', 'pipe', 'ignore'] });
  bench.adopt(child);
  const ended = once(child, 'exit');
  const messages = readMessages(child);
  const send = (message: Json) => void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  const request = createRequester(messages, send);
  const clientInfo = { name: 'client', version: '1.0.0' };
  await request('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
  send({ method: 'notifications/initialized' });
  return {
    ...{ pid: child.pid ?? 0, request },
    /** Returns what it took, and how the server ended. */
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

/** The few variables that the SDK hands on, and CODEX_HOME of the client's configuration. */
function environmentOf(bench: Workbench, direct: boolean, codex: string): NodeJS.ProcessEnv {
  const { PATH = '', HOME, SHELL, TERM, USER } = putInPlace(bench, { direct });
  const [front = '', ...others] = PATH.split(delimiter);
  const path = direct ? [dirname(codex), front, ...others] : [front, dirname(codex), ...others];
  return { HOME, SHELL, TERM, USER, PATH: path.join(delimiter), CODEX_HOME: bench.codexHome };
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
    const { answers } = await expectSameAsDirect(async (direct) => {
      const reported = bench.api.ledger.length;
      const client = await openMcpClient(bench, environmentOf(bench, direct, codex));
      const call = (name: string, input: Json) => client.request('tools/call', { name, arguments: input });
      const { tools } = await client.request('tools/list', {});
      const settings = { cwd: bench.workTree, sandbox: 'read-only', 'approval-policy': 'never' };
      const first = await call('codex', { prompt: 'shelves', ...settings });
      const { threadId } = first.structuredContent as { threadId: string };
      const answers = [first, await call('codex-reply', { threadId, prompt: 'again' })];
      answers.push(await call('codex', { prompt: 'more shelves', ...settings }));
      const end = { ...(await client.close()), tools, answers: withoutVarying(JSON.stringify(answers)) };
      await untilMetersEnd(bench.folder);
      expect(listProcesses(bench.folder)).toEqual([]);
      const ledger = bench.api.ledger.slice(reported);
      if (direct) return end;
      const database = join(bench.folder, '.local', 'share', 'codex-metered', 'usage.db');
      expect(expectExact({ ...bench, database }, { pid: client.pid, ledger }, 5)).toMatchObject({
        ...{ command: 'mcp-server', projectId: 'shop', notes: [] },
      });
      return end;
    });
    expect(answers).toContain('Three shelves.');
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
