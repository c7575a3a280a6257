import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect } from 'vitest';
import { FAKE_RESPONSES, writeSessionFake } from '../faults/fake-session.js';
import { listProcesses, untilMetersEnd } from '../harness/children.js';
import { expectSameAsDirect } from '../harness/compare.js';
import { countResponses, expectExact, recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import { createGate, waitFor } from '../harness/wait.js';
import { METERED, type Workbench } from '../harness/workbench.js';
import { SHELVES } from '../scripted-api/scenarios.js';
import { type Reply, type Scenario, turn, UNFINISHED } from '../scripted-api/script.js';
import { type AppServer, connectTo, describeMessages, startAppServer } from './app-server.js';
import { startListeningServer } from './listening-server.js';

// What vibe-kanban 0.1.44 (April 2026) does: it starts `… app-server` in a process group of its own, and ends it, after each
// turn and whenever a person stops one, by SIGINT, SIGTERM and SIGKILL to the group, with two seconds between them. Its
// setting for the command is `codex-metered`, to which it adds `app-server`.

const PATIENCE_MS = 2000;
const QUIET = { NPM_CONFIG_LOGLEVEL: 'error', NODE_NO_WARNINGS: '1', NO_COLOR: '1', RUST_LOG: 'error' };

const [TOOL, LAST] = SHELVES.replies as [Reply, Reply];
const ENDLESS = turn('endless', TOOL, UNFINISHED);
const LONG_TOOL = turn('tests', TOOL, {
  calls: [{ tool: 'exec_command', cmd: 'sleep 300', yieldMs: 30_000 }],
  usage: { input: 5300, output: 20 },
});

/** Returns the signals that it took to end all of the group. */
async function killInStages(pid: number): Promise<NodeJS.Signals[]> {
  const sent: NodeJS.Signals[] = [];
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL'] as const) {
    if (!reach(-pid, signal)) break;
    sent.push(signal);
    await waitFor('its end', () => !reach(-pid, 0), PATIENCE_MS).catch(() => undefined);
  }
  return sent;
}

function reach(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

async function startThread(server: AppServer): Promise<string> {
  await server.request('account/read', {});
  const config = { 'features.default_mode_request_user_input': true, suppress_unstable_features_warning: true };
  return server.startThread({ approvalPolicy: 'on-request', sandbox: 'danger-full-access', config });
}

/** What was left when all stages were through; it is ended here. */
async function endRest(bench: Workbench): Promise<string[]> {
  await untilMetersEnd(bench.folder);
  const left = listProcesses(bench.folder);
  for (const { pid } of left) reach(pid, 'SIGKILL');
  await waitFor('their end', () => listProcesses(bench.folder).length === 0);
  return left.map(({ command }) => command);
}

describe('an app-server whose group is killed in stages', () => {
  test.for<[string, Scenario, (bench: Workbench, server: AppServer, threadId: string) => Promise<unknown>]>([
    ['after a turn', SHELVES, (_, server, threadId) => server.runTurn(threadId, 'shelves')],
    [
      'while a response comes',
      ENDLESS,
      async (_, server, threadId) => {
        await server.startTurn(threadId, 'endless');
        await waitFor('the response', () => describeMessages(server).some((message) => message.includes('And so on')));
      },
    ],
    [
      'while a tool works',
      LONG_TOOL,
      async ({ folder }, server, threadId) => {
        await server.startTurn(threadId, 'tests');
        await waitFor('the tool', () => listProcesses(folder).some(({ command }) => command === 'sleep 300'));
      },
    ],
  ])('ends as without us and leaves what it leaves without us: %s', async ([, scenario, work], { bench }) => {
    bench.api.add(scenario);
    await expectSameAsDirect(async (direct) => {
      const reported = bench.api.ledger.length;
      // It waits for its record no longer than it does for a user, who sets nothing.
      const env = { ...QUIET, CODEX_METERED_WAIT: undefined };
      const server = await startAppServer(bench, { direct, group: 'own', env });
      await work(bench, server, await startThread(server));
      const ledger = bench.api.ledger.slice(reported);
      if (!direct) await waitFor('the record', () => countResponses(bench) === ledger.length);
      const signals = await killInStages(server.pid);
      // How far a turn that is broken off still tells of itself differs from time to time, without us too.
      const said = scenario === SHELVES ? describeMessages(server) : [];
      const end = { signals, end: await server.ended, left: await endRest(bench), said };
      if (!direct) expectExact(bench, { pid: server.pid, ledger });
      return end;
    });
  });

  test('is recorded where only SIGKILL ends it, and us with it', async ({ bench }) => {
    const codex = writeSessionFake(
      bench,
      `for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined);
      for (const line of usage) tell(line);
      setInterval(() => {}, 1000);`,
    );
    const child = spawn(process.execPath, [METERED, 'app-server'], {
      ...{ cwd: bench.workTree, env: { ...bench.env, ...QUIET, CODEX_METERED_CODEX: codex } },
      ...{ stdio: 'ignore', detached: true },
    });
    bench.adopt(child);
    const ended = once(child, 'exit');
    await waitFor('the record', () => countResponses(bench) === 2);
    expect(await killInStages(child.pid ?? 0)).toEqual(['SIGINT', 'SIGTERM', 'SIGKILL']);
    expect(await ended).toEqual([null, 'SIGKILL']);
    expect(await endRest(bench)).toEqual([]);
    const { responses, status, signal } = recordOf(bench, { pid: child.pid ?? 0 });
    expect({ status, signal }).toEqual({ status: 'interrupted', signal: 'SIGKILL' });
    expect(responses.map(({ responseKey }) => responseKey)).toEqual(FAKE_RESPONSES);
  });
});

describe('a listening app-server that a supervisor stops, by its group', () => {
  test.for(['SIGTERM', 'SIGINT'] as const)(
    'lets its turn come to its end, as without us: %s',
    async (signal, { bench }) => {
      for (const meter of [{}, { meter: [] }]) {
        const gate = createGate();
        const prompt = `shelves ${Object.keys(meter)}`;
        bench.api.add(turn(prompt, TOOL, { ...LAST, until: gate.opened }));
        const [before, reported] = [bench.api.requests.length, bench.api.ledger.length];
        const server = await startListeningServer(bench, { ...meter, home: 'shared', group: 'own' });
        const client = await connectTo(bench, server);
        await client.startTurn(await client.startThread(), prompt);
        await waitFor('the second request', () => bench.api.requests.length === before + 2);
        process.kill(-server.pid, signal);
        // A turn that is broken off ends it within 0.1 s.
        expect(await Promise.race([server.ended, new Promise((resolve) => setTimeout(resolve, 500, 'at work'))])).toBe(
          'at work',
        );
        gate.open();
        expect(await server.ended).toEqual({ exitCode: 0, signal: null });
        client.disconnect();
        const ledger = bench.api.ledger.slice(reported);
        if ('meter' in meter) expectExact(bench, { pid: server.pid, ledger }, 2);
      }
    },
  );
});
