import { Codex, type Thread, type ThreadEvent } from '@openai/codex-sdk';
import { beforeEach, describe, expect } from 'vitest';
import { listProcesses, untilMetersEnd } from '../harness/children.js';
import { expectExact, readRecord } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import { CODEX, METERED, type Workbench } from '../harness/workbench.js';
import { sumLedger } from '../scripted-api/ledger.js';
import { callThenAnswer, SCRIPT } from '../scripted-api/scenarios.js';
import { turn } from '../scripted-api/script.js';

/** What the SDK gives is compared without what differs from run to run. */
const VARYING = /"(?:thread_id|id)":"[^"]*"/g;

const SHELVES = callThenAnswer('shelves', '{"shelves":3}');
const SCHEMA = {
  type: 'object',
  properties: { shelves: { type: 'number' } },
  required: ['shelves'],
  additionalProperties: false,
} as const;

/** A thread of the official SDK, which starts what `codexPathOverride` says. */
function startThread(bench: Workbench, codexPathOverride: string, env: Record<string, string> = {}): Thread {
  const codex = new Codex({ codexPathOverride, env: { ...bench.env, ...env } as Record<string, string> });
  return codex.startThread({ workingDirectory: bench.workTree, sandboxMode: 'read-only' });
}

/** What the last of the recorded invocations was, compared with what the API reported since `before`. */
function expectLastExact(bench: Workbench, before: number) {
  const last = readRecord(bench.database).at(-1);
  expect(bench.api.ledger.length).toBeGreaterThan(before);
  return expectExact(bench, { id: last?.id, ledger: bench.api.ledger.slice(before) });
}

async function readEvents(thread: Thread, input: string): Promise<ThreadEvent[]> {
  const events: ThreadEvent[] = [];
  for await (const event of (await thread.runStreamed(input)).events) events.push(event);
  return events;
}

beforeEach<{ bench: Workbench }>(({ bench }) => bench.api.add(SHELVES, ...SCRIPT));

describe('the official SDK', () => {
  test('works unchanged and is recorded exactly', async ({ bench }) => {
    const direct = await startThread(bench, CODEX).run('shelves', { outputSchema: SCHEMA });
    const before = bench.api.ledger.length;
    const metered = await startThread(bench, METERED).run('shelves', { outputSchema: SCHEMA });
    expect(JSON.parse(metered.finalResponse)).toEqual({ shelves: 3 });
    expect(metered.usage).toEqual(direct.usage);
    expect(metered.items.map(({ type }) => type)).toEqual(direct.items.map(({ type }) => type));
    expect(expectLastExact(bench, before)).toMatchObject({ projectId: 'shop', status: 'completed', notes: [] });
  });

  test('streams the same events', async ({ bench }) => {
    const direct = await readEvents(startThread(bench, CODEX), 'shelves');
    const before = bench.api.ledger.length;
    const metered = await readEvents(startThread(bench, METERED), 'shelves');
    const [one, other] = [metered, direct].map((events) => JSON.stringify(events).replaceAll(VARYING, ''));
    expect(one).toBe(other);
    expectLastExact(bench, before);
  });

  test('resumes its thread, and each turn is an invocation of its own', async ({ bench }) => {
    const thread = startThread(bench, METERED);
    await thread.run('shelves');
    const before = bench.api.ledger.length;
    const turn = await thread.run('shelves again');
    expect(turn.finalResponse).toBe('{"shelves":3}');
    const second = expectLastExact(bench, before);
    expect(second).toMatchObject({ command: 'exec resume', threadId: thread.id, iteration: 2, notes: [] });
    const invocations = readRecord(bench.database);
    expect(invocations.map(({ threadId }) => threadId)).toEqual([thread.id, thread.id]);
  });

  test('gets its turns that fail and are aborted, and what they used until then is recorded', async ({ bench }) => {
    await expect(startThread(bench, METERED).run('fail')).rejects.toThrow();
    expectLastExact(bench, 0);
    const abort = new AbortController();
    const { events } = await startThread(bench, METERED).runStreamed('endless', { signal: abort.signal });
    const read = async () => {
      for await (const event of events) {
        if (event.type === 'item.completed' && event.item.type === 'command_execution') abort.abort();
      }
    };
    await expect(read()).rejects.toThrow('abort');
    await expect.poll(() => readRecord(bench.database).at(-1)?.status, { timeout: 30_000 }).toBe('interrupted');
    expectLastExact(bench, 1);
  });

  test('leaves nothing running when a turn is aborted while a tool works, as without us', async ({ bench }) => {
    const sleep = { tool: 'exec_command', cmd: 'sleep 300', yieldMs: 30_000 } as const;
    bench.api.add(turn('tests', { calls: [sleep], usage: { input: 800, output: 8 } }));
    for (const codex of [CODEX, METERED]) {
      const abort = new AbortController();
      const turn = startThread(bench, codex).run('tests', { signal: abort.signal });
      const failed = expect(turn).rejects.toThrow('abort');
      await waitFor('the tool', () => listProcesses(bench.folder).some(({ command }) => command === 'sleep 300'));
      abort.abort();
      await failed;
      await waitFor('the end of Codex and its tool', () => listProcesses(bench.folder).length === 0);
    }
    await untilMetersEnd(bench.folder);
    expectLastExact(bench, 1);
  });

  test('finds what a turn used where --meter-emit writes a completed turn, and passes over a count', async ({
    bench,
  }) => {
    const thread = startThread(bench, METERED, { CODEX_METERED_EMIT: 'turn.completed' });
    await thread.run('shelves');
    const before = bench.api.ledger.length;
    const { usage } = await thread.run('shelves again');
    const { input, cached, output } = sumLedger(bench.api.ledger.slice(before));
    // Codex itself tells of both turns here.
    expect(usage).toMatchObject({ input_tokens: input, cached_input_tokens: cached, output_tokens: output });
    const other = await startThread(bench, METERED, { CODEX_METERED_EMIT: 'usage' }).run('shelves');
    expect(other).toMatchObject({ finalResponse: '{"shelves":3}', usage: { input_tokens: input } });
  });
});
