import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect } from 'vitest';
import { parseSessionFileName } from '../../src/agents/codex/session-file.js';
import { SessionFollower } from '../../src/meter/session-follower.js';
import { type AppServer, startAppServer } from '../clients/app-server.js';
import { runUsage } from '../harness/codex-usage.js';
import { expectExact } from '../harness/record.js';
import { test } from '../harness/test.js';
import type { Workbench } from '../harness/workbench.js';
import { sumLedger } from '../scripted-api/ledger.js';
import { SHELVES } from '../scripted-api/scenarios.js';

/** What a turn costs: gpt-5.3-codex asks 1.75, 0.175 and 14 USD per million tokens. */
const TURN_USD = ((10_900 - 5632) * 1.75 + 5632 * 0.175 + 103 * 14) / 1e6;

beforeEach<{ bench: Workbench }>(({ bench }) => bench.api.add(SHELVES));

/** Starts a thread of two turns, takes it back before its last turn twice, and each time goes on with one turn. */
async function takeBackTwice(server: AppServer): Promise<string> {
  const thread = await server.startThread();
  await server.runTurn(thread, 'shelves, please');
  let last = await server.runTurn(thread, 'the other shelves');
  for (const text of ['shelves, once more', 'shelves, for the last time']) {
    await server.revert(thread, last);
    last = await server.runTurn(thread, text);
  }
  return thread;
}

/** The same in a server that nobody meters. Returns the thread. */
async function makePages(bench: Workbench): Promise<string> {
  const server = await startAppServer(bench, { direct: true });
  const thread = await takeBackTwice(server);
  await server.close();
  return thread;
}

function listPages({ codexHome }: Workbench): (string | undefined)[] {
  const files = readdirSync(join(codexHome, 'sessions'), { recursive: true, encoding: 'utf8' });
  return files.flatMap((file) => parseSessionFileName(file.split('/').at(-1) ?? '') ?? []).map(({ pageId }) => pageId);
}

/** What `codex-usage` answers about the sessions of a workbench. */
async function askUsage({ database, codexHome, folder }: Workbench, args: string[]): Promise<Record<string, unknown>> {
  const env = { CODEX_HOME: codexHome, HOME: folder };
  const { stdout } = await runUsage([...args, '--json'], { database, env });
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('a thread that is taken back to an earlier turn', () => {
  test('is recorded in all of its pages while it goes on, and a later import finds nothing new', async ({ bench }) => {
    const server = await startAppServer(bench);
    await takeBackTwice(server);
    await server.close();
    expect(listPages(bench).filter((pageId) => pageId !== undefined)).toHaveLength(2);
    expect(expectExact(bench, { pid: server.pid, ledger: bench.api.ledger }, 8)).toMatchObject({ notes: [] });
    for (const _time of ['first', 'second']) {
      expect(await askUsage(bench, ['import'])).toMatchObject({ added: 0, unreadableLines: 0 });
    }
  });

  test('is imported as one thread, each response once', async ({ bench }) => {
    await makePages(bench);
    const billed = sumLedger(bench.api.ledger);
    for (const _time of ['first', 'second']) {
      await askUsage(bench, ['import']);
      const { totals } = await askUsage(bench, ['daily']);
      expect(totals).toMatchObject({
        ...{ responseCount: 8, inputTokens: billed.input, outputTokens: billed.output },
        ...{ cachedInputTokens: billed.cached, reasoningTokens: billed.reasoning },
      });
    }
  });

  test('and resumed by exec is that run’s own responses alone, within its own budget', async ({ bench }) => {
    const thread = await makePages(bench);
    const meter = ['--meter-budget-usd', String(TURN_USD * 1.5)];
    const resumed = await bench.run(['exec', '--json', 'resume', thread, 'shelves, by hand'], { meter });
    expect(resumed.exitCode).toBe(0);
    const invocation = expectExact(bench, resumed, 2);
    expect(invocation).toMatchObject({ threadId: thread, status: 'completed' });
    expect(invocation.notes.filter(({ kind }) => kind !== 'budget')).toEqual([]);
  });

  test('to its first turn begins a page that counts from zero', async ({ bench }) => {
    const server = await startAppServer(bench);
    const thread = await server.startThread();
    await server.revert(thread, await server.runTurn(thread, 'shelves, please'));
    await server.runTurn(thread, 'shelves, once more');
    await server.close();
    expectExact(bench, { pid: server.pid, ledger: bench.api.ledger });
  });

  test('is found in its newest page where the process does not show its files', async ({ bench }) => {
    const thread = await makePages(bench);
    const startedAtMs = Date.now();
    const resumed = await bench.run(['exec', '--json', 'resume', thread, 'shelves, by hand'], { direct: true });
    const { codexHome, workTree: cwd } = bench;
    const options = { codexHome, startedAtMs, cwd, pid: undefined, onProgress: () => undefined };
    const follower = new SessionFollower({ ...options, threads: 'one' });
    follower.setRoot(thread);
    await follower.finish();
    const responses = follower.files.flatMap((file) => file.thread.responses);
    expect(responses.map(({ key }) => key)).toEqual(resumed.ledger.map(({ responseId }) => responseId));
    expect(follower.root?.thread.total.input).toBe(10_900 * 3);
  });
});
