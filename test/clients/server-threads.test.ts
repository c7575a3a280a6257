import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect } from 'vitest';
import { countResponses, expectSameCounts, recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import type { Workbench } from '../harness/workbench.js';
import { SHELVES } from '../scripted-api/scenarios.js';
import { connectTo, startAppServer } from './app-server.js';
import { startListeningServer } from './listening-server.js';

beforeEach<{ bench: Workbench }>(({ bench }) => bench.api.add(SHELVES));

describe('the threads of an app-server that keep no session file', () => {
  test('are recorded beside those that do, each response once', async ({ bench }) => {
    const server = await startAppServer(bench);
    const kept = await server.startThread();
    const passing = [await server.startThread({ ephemeral: true }), await server.startThread({ ephemeral: true })];
    await Promise.all([kept, ...passing].map((thread) => server.runTurn(thread, 'shelves')));
    await server.runTurn(kept, 'shelves again');
    expect(await server.close()).toBe(0);
    const { responses, notes } = expectSameCounts(bench, { pid: server.pid, ledger: bench.api.ledger }, 8);
    expect(notes).toEqual([]);
    for (const { threadId, evidence } of responses) {
      expect(evidence).toBe(threadId === kept ? 'usage_record' : 'otel');
    }
  });

  test('are in the database while the server runs, and stay there when it is killed', async ({ bench }) => {
    const server = await startAppServer(bench);
    const thread = await server.startThread({ ephemeral: true });
    await server.runTurn(thread, 'shelves');
    await waitFor('the rows', () => countResponses(bench) === 2);
    const { threadId, status } = recordOf(bench, server);
    expect({ threadId, status }).toEqual({ threadId: thread, status: 'running' });
    server.kill('SIGTERM');
    await server.close();
    expect(expectSameCounts(bench, { pid: server.pid, ledger: bench.api.ledger }).notes).toEqual([]);
  });

  test('are recorded where clients talk to it by a websocket, an exec --remote among them', async ({ bench }) => {
    const server = await startListeningServer(bench, { home: 'shared', meter: [] });
    const client = await connectTo(bench, server);
    const passing = await client.startThread({ ephemeral: true });
    await client.runTurn(passing, 'shelves');
    const remote = await bench.run(['exec', '--remote', server.address, '--json', 'shelves'], { direct: true });
    expect(remote.exitCode).toBe(0);
    client.disconnect();
    await server.stop();
    const { responses, notes } = expectSameCounts(bench, { pid: server.pid, ledger: bench.api.ledger }, 4);
    expect(notes).toEqual([]);
    const unfiled = responses.filter(({ threadId }) => threadId === passing);
    expect(unfiled.map(({ evidence }) => evidence)).toEqual(['otel', 'otel']);
  });

  test('cannot be recorded where the user has set up telemetry, and a note says so', async ({ bench }) => {
    appendFileSync(join(bench.codexHome, 'config.toml'), '\n[otel]\nexporter = "none"\n');
    const server = await startAppServer(bench);
    await server.runTurn(await server.startThread({ ephemeral: true }), 'shelves');
    expect(await server.close()).toBe(0);
    expect(recordOf(bench, server)).toMatchObject({
      responses: [],
      notes: [{ kind: 'fallback', reason: expect.stringContaining("telemetry of the user's own is set up") }],
    });
  });

  test('leave no record of a server that ran none', async ({ bench }) => {
    const server = await startAppServer(bench);
    expect(await server.close()).toBe(0);
    expect(() => recordOf(bench, server)).toThrow();
  });
});
