import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { listProcesses, untilMetersEnd } from '../harness/children.js';
import { putInPlace } from '../harness/in-place.js';
import { expectExact, expectSameCounts, readRecord } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import type { Workbench } from '../harness/workbench.js';
import type { Scenario } from '../scripted-api/script.js';
import { type AppServer, describeMessages, startAppServer } from './app-server.js';

// What openai/codex-plugin-cc 1.0.5 (June 2026), the official plugin of Claude Code, does: it starts `codex app-server` from PATH, alone or
// below a broker of its own that serves one job after the other. It closes the server's input and sends SIGTERM 50 ms later.

const REVIEW: Scenario = {
  prompt: /review/i,
  replies: [
    { calls: [{ tool: 'exec_command', cmd: 'git status' }], usage: { input: 3300, cached: 2900, output: 77 } },
    {
      message:
        '{"findings":[],"overall_correctness":"patch is correct","overall_explanation":"Fine.","overall_confidence_score":1}',
      usage: { input: 3900, cached: 3200, output: 41 },
    },
  ],
};
const TASK: Scenario = {
  prompt: 'rescue',
  replies: [
    { calls: [{ tool: 'exec_command', cmd: 'echo 3' }], usage: { input: 5000, cached: 256, output: 70 } },
    { message: 'Rescued.', usage: { input: 5900, cached: 5376, output: 33 } },
  ],
};
const ENDLESS: Scenario = {
  prompt: 'endless',
  replies: [
    { calls: [{ tool: 'exec_command', cmd: 'echo 3' }], usage: { input: 4100, output: 52 } },
    { message: 'And so on', hang: true },
  ],
};

const GREETING = {
  clientInfo: { title: 'Codex Plugin', name: 'Claude Code', version: '1.0.5' },
  capabilities: {
    experimentalApi: false,
    requestAttestation: false,
    optOutNotificationMethods: [
      ...['item/agentMessage/delta', 'item/reasoning/summaryTextDelta'],
      ...['item/reasoning/summaryPartAdded', 'item/reasoning/textDelta'],
    ],
  },
};
const SIGTERM_AFTER_MS = 50;

/** Passes its own streams on to `codex app-server`, and ends it as the plugin's broker does when it is told to end. */
const BROKER = `
import { spawn } from 'node:child_process';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
const codex = spawn('codex', ['app-server'], { stdio: ['pipe', 'pipe', 'pipe'] });
process.stdin.on('data', (chunk) => codex.stdin.write(chunk));
codex.stdout.on('data', (chunk) => process.stdout.write(chunk));
codex.on('exit', (exitCode, signal) => {
  writeFileSync(process.env.CODEX_END, JSON.stringify({ exitCode, signal }));
  process.exit(0);
});
process.on('SIGTERM', () => {
  codex.stdin.end();
  setTimeout(() => codex.kill('SIGTERM'), ${SIGTERM_AFTER_MS});
});
writeFileSync(process.env.CODEX_PID, String(codex.pid));
`;

const start = (bench: Workbench, direct: boolean, options: object = {}) =>
  startAppServer(bench, {
    ...{ command: ['codex'], greeting: GREETING, env: putInPlace(bench, { direct }) },
    ...options,
  });

function startThread(server: AppServer, { ephemeral }: { ephemeral: boolean }): Promise<string> {
  const settings = { approvalPolicy: 'never', sandbox: 'read-only', serviceName: 'claude_code_codex_plugin' };
  return server.startThread({ model: null, ...settings, ephemeral });
}

async function review(server: AppServer): Promise<void> {
  const threadId = await startThread(server, { ephemeral: true });
  const target = { type: 'uncommittedChanges' };
  const { turn } = await server.request('review/start', { threadId, delivery: 'inline', target });
  await server.untilTurnEnds((turn as { id: string }).id);
}

/** What became of the server, how it was told to end, and what it has said of threads and turns. */
async function close(bench: Workbench, server: AppServer) {
  server.closeInput();
  setTimeout(() => server.kill('SIGTERM'), SIGTERM_AFTER_MS).unref();
  const end = await server.ended;
  await untilMetersEnd(bench.folder);
  expect(listProcesses(bench.folder)).toEqual([]);
  return { ...end, said: describeMessages(server) };
}

describe('the plugin of Claude Code', () => {
  test('has its changes reviewed in threads without a session file, and a task in one with', async ({ bench }) => {
    bench.api.add(REVIEW, TASK);
    const ends = [];
    for (const direct of [true, false]) {
      const before = bench.api.ledger.length;
      const server = await start(bench, direct);
      await review(server);
      await server.runTurn(await startThread(server, { ephemeral: false }), 'rescue');
      ends.push(await close(bench, server));
      const ledger = bench.api.ledger.slice(before);
      expect(ledger).toHaveLength(4);
      if (!direct) expect(expectSameCounts(bench, { pid: server.pid, ledger })).toMatchObject({ notes: [] });
    }
    expect(ends[1]).toEqual(ends[0]);
  });

  test('is told of Codex as without us', async ({ bench }) => {
    const answers = [true, false].map((direct) => {
      const env = putInPlace(bench, { direct });
      return [['--version'], ['app-server', '--help']].map((args) => {
        const { status, stdout, stderr } = spawnSync('codex', args, { env, encoding: 'utf8' });
        return { status, stdout, stderr };
      });
    });
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[0]?.[0]).toMatchObject({ status: 0 });
  });

  test('cancels a job in the background: the turn is interrupted, and the shared server goes on', async ({ bench }) => {
    bench.api.add(ENDLESS, TASK);
    const ends = [];
    for (const direct of [true, false]) {
      const before = bench.api.requests.length;
      const reported = bench.api.ledger.length;
      const server = await start(bench, direct);
      const threadId = await startThread(server, { ephemeral: true });
      const turnId = await server.startTurn(threadId, 'endless');
      await waitFor('the second request', () => bench.api.requests.length === before + 2);
      await server.request('turn/interrupt', { threadId, turnId });
      await server.untilTurnEnds(turnId);
      await server.runTurn(await startThread(server, { ephemeral: true }), 'rescue');
      const { exitCode, signal } = await close(bench, server);
      ends.push({ exitCode, signal });
      const ledger = bench.api.ledger.slice(reported);
      expect(ledger).toHaveLength(3);
      if (!direct) expectSameCounts(bench, { pid: server.pid, ledger });
    }
    expect(ends[1]).toEqual(ends[0]);
  });

  test('ends its broker, and the server below it, by one signal to their group while a turn runs', async ({
    bench,
  }) => {
    bench.api.add(ENDLESS);
    const script = join(bench.folder, 'broker.mjs');
    writeFileSync(script, BROKER);
    const ends = [];
    for (const direct of [true, false]) {
      const [before, reported] = [bench.api.requests.length, bench.api.ledger.length];
      const [endFile, pidFile] = ['end', 'pid'].map((name) => join(bench.folder, `${name}-${direct}`)) as [
        string,
        string,
      ];
      const env = { ...putInPlace(bench, { direct }), CODEX_END: endFile, CODEX_PID: pidFile };
      const server = await start(bench, direct, { command: [process.execPath, script], group: 'own', env });
      await server.startTurn(await startThread(server, { ephemeral: false }), 'endless');
      await waitFor('the second request', () => bench.api.requests.length === before + 2);
      if (!direct) await waitFor('the record', () => readRecord(bench.database)[0]?.responses.length === 1);
      process.kill(-server.pid, 'SIGTERM');
      const broker = await server.ended;
      await untilMetersEnd(bench.folder);
      ends.push({ broker, codex: readFileSync(endFile, 'utf8'), left: listProcesses(bench.folder) });
      if (direct) continue;
      expectExact(bench, { pid: Number(readFileSync(pidFile, 'utf8')), ledger: bench.api.ledger.slice(reported) });
    }
    expect(ends[1]).toEqual(ends[0]);
    expect(ends[0]?.left).toEqual([]);
  });
});
