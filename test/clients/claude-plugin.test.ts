import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect } from 'vitest';
import { listProcesses, untilMetersEnd } from '../harness/children.js';
import { expectSameAsDirect } from '../harness/compare.js';
import { putInPlace } from '../harness/in-place.js';
import { countResponses, expectExact, expectSameCounts } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import type { Workbench } from '../harness/workbench.js';
import { callThenAnswer, SCRIPT } from '../scripted-api/scenarios.js';
import { type AppServer, describeMessages, startAppServer } from './app-server.js';

// What openai/codex-plugin-cc 1.0.5 (June 2026), the official plugin of Claude Code, does: it starts `codex app-server` from PATH, alone or
// below a broker of its own that serves one job after the other. It closes the server's input and sends SIGTERM 50 ms later.

const TASK = callThenAnswer('rescue', 'Rescued.');

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
import { writeFileSync } from 'node:fs';
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

beforeEach<{ bench: Workbench }>(({ bench }) => bench.api.add(TASK, ...SCRIPT));

describe('the plugin of Claude Code', () => {
  test('has its changes reviewed in threads without a session file, and a task in one with', async ({ bench }) => {
    await expectSameAsDirect(async (direct) => {
      const before = bench.api.ledger.length;
      const server = await start(bench, direct);
      await review(server);
      await server.runTurn(await startThread(server, { ephemeral: false }), 'rescue');
      const end = await close(bench, server);
      const ledger = bench.api.ledger.slice(before);
      if (!direct) expect(expectSameCounts(bench, { pid: server.pid, ledger }, 4)).toMatchObject({ notes: [] });
      return end;
    });
  });

  test('is told of Codex as without us', async ({ bench }) => {
    for (const args of [['--version'], ['app-server', '--help']]) {
      const { status } = await expectSameAsDirect(async (direct) => {
        const env = putInPlace(bench, { direct });
        const { status, stdout, stderr } = spawnSync('codex', args, { env, encoding: 'utf8' });
        return { status, stdout, stderr };
      });
      expect(status).toBe(0);
    }
  });

  test('cancels a job in the background: the turn is interrupted, and the shared server goes on', async ({ bench }) => {
    await expectSameAsDirect(async (direct) => {
      const [before, reported] = [bench.api.requests.length, bench.api.ledger.length];
      const server = await start(bench, direct);
      const threadId = await startThread(server, { ephemeral: true });
      const turnId = await server.startTurn(threadId, 'endless');
      await waitFor('the second request', () => bench.api.requests.length === before + 2);
      await server.request('turn/interrupt', { threadId, turnId });
      await server.untilTurnEnds(turnId);
      await server.runTurn(await startThread(server, { ephemeral: true }), 'rescue');
      const { exitCode, signal } = await close(bench, server);
      const ledger = bench.api.ledger.slice(reported);
      if (!direct) expectSameCounts(bench, { pid: server.pid, ledger }, 3);
      return { exitCode, signal };
    });
  });

  test('ends its broker, and the server below it, by one signal to their group while a turn runs', async ({
    bench,
  }) => {
    const script = join(bench.folder, 'broker.mjs');
    writeFileSync(script, BROKER);
    const { left } = await expectSameAsDirect(async (direct) => {
      const [before, reported] = [bench.api.requests.length, bench.api.ledger.length];
      const [endFile, pidFile] = [join(bench.folder, `end-${direct}`), join(bench.folder, `pid-${direct}`)];
      const env = { ...putInPlace(bench, { direct }), CODEX_END: endFile, CODEX_PID: pidFile };
      const server = await start(bench, direct, { command: [process.execPath, script], group: 'own', env });
      await server.startTurn(await startThread(server, { ephemeral: false }), 'endless');
      await waitFor('the second request', () => bench.api.requests.length === before + 2);
      if (!direct) await waitFor('the record', () => countResponses(bench) === 1);
      process.kill(-server.pid, 'SIGTERM');
      const broker = await server.ended;
      await untilMetersEnd(bench.folder);
      const run = { pid: Number(readFileSync(pidFile, 'utf8')), ledger: bench.api.ledger.slice(reported) };
      if (!direct) expectExact(bench, run);
      return { broker, codex: readFileSync(endFile, 'utf8'), left: listProcesses(bench.folder) };
    });
    expect(left).toEqual([]);
  });
});
