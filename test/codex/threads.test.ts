import { describe, expect } from 'vitest';
import { expectExact, recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import { collaborate, spawnAgent, waitForSpawned, waitingForAgents } from '../scripted-api/agents.js';
import type { Scenario } from '../scripted-api/script.js';

const ONE_TURN: Scenario = {
  prompt: 'greet',
  replies: [{ message: 'Hello.', usage: { input: 5200, cached: 1100, output: 90, reasoning: 40 } }],
};

const CHILD: Scenario = {
  prompt: 'count the shelves',
  replies: [
    { calls: [{ tool: 'exec_command', cmd: 'echo shelf' }], usage: { input: 3000, cached: 64, output: 31 } },
    { message: 'Three.', usage: { input: 3100, cached: 2900, output: 32, reasoning: 8 } },
  ],
};

const DELEGATE_V1: Scenario = {
  prompt: 'delegate',
  replies: [
    {
      calls: spawnAgent('Please count the shelves.'),
      usage: { input: 2000, output: 21 },
    },
    { calls: waitForSpawned, usage: { input: 2100, cached: 1900, output: 22 } },
    { message: 'Three shelves.', usage: { input: 2200, cached: 2000, output: 23 } },
  ],
};

const NOTIFIED: Scenario = {
  prompt: 'subagent_notification',
  replies: [{ message: 'Three shelves.', usage: { input: 2300, output: 24 } }],
};

describe('the record equals the ledger of the API', () => {
  test('when a thread is forked, and when the original is resumed afterwards', async ({ bench }) => {
    bench.api.add(ONE_TURN);
    const first = await bench.run(['exec', '--json', 'greet']);
    const threadId = String(recordOf(bench, first).threadId);
    const fork = await bench.run(['exec', 'fork', threadId, '--json', 'greet']);
    const resumed = await bench.run(['exec', 'resume', threadId, '--json', 'greet']);
    for (const run of [first, fork, resumed]) {
      expect(run.ledger).toHaveLength(1);
      expect(expectExact(bench, run)).toMatchObject({ notes: [] });
    }
    const forkId = String(recordOf(bench, fork).threadId);
    const forkResumed = await bench.run(['exec', 'resume', forkId, '--json', 'greet']);
    expect(expectExact(bench, forkResumed)).toMatchObject({ threadId: forkId, notes: [] });
  });

  test('when the first turn of a fork fails, and the fork is resumed', async ({ bench }) => {
    bench.api.add(ONE_TURN, { prompt: 'fail', replies: [{ fail: { code: 'invalid_prompt', message: 'no' } }] });
    const first = await bench.run(['exec', '--json', 'greet']);
    const fork = await bench.run(['exec', '--json', 'fork', String(recordOf(bench, first).threadId), 'fail']);
    expect(fork.exitCode).toBe(1);
    expect(expectExact(bench, fork).responses).toEqual([]);
    const resumed = await bench.run(['exec', '--json', 'resume', String(recordOf(bench, fork).threadId), 'greet']);
    expect(expectExact(bench, resumed).responses).toHaveLength(1);
  });

  test.for([['--json'], []])('when a sub-agent works for the run, with %j', async (json, { bench }) => {
    bench.api.add(DELEGATE_V1, CHILD, NOTIFIED);
    const run = await bench.run(['exec', ...json, 'delegate']);
    expect(new Set(run.ledger.map(({ threadId }) => threadId)).size).toBe(2);
    expectExact(bench, run);
    expect(bench.api.unmatched).toEqual([]);
  });

  test('when sub-agents work again after a resume', async ({ bench }) => {
    bench.api.add(DELEGATE_V1, CHILD, NOTIFIED);
    const first = await bench.run(['exec', '--json', 'delegate']);
    const resumed = await bench.run(['exec', '--json', 'resume', '--last', 'delegate']);
    expectExact(bench, first);
    expectExact(bench, resumed);
  });

  test.for(['none', 'all'])('when a collaborating agent is given %s of the history', async (turns, { bench }) => {
    bench.configure({ model: 'gpt-6.1-sol' });
    bench.api.add(
      {
        prompt: 'delegate',
        thread: 'root',
        replies: [
          {
            calls: [collaborate({ task_name: 'shelves', message: 'Please count the shelves.', fork_turns: turns })],
            usage: { input: 2000, output: 21 },
          },
          ...waitingForAgents(),
        ],
      },
      { prompt: '', thread: 'child', replies: CHILD.replies },
    );
    const run = await bench.run(['exec', '--json', 'delegate']);
    expect(new Set(run.ledger.map(({ threadId }) => threadId)).size).toBe(2);
    expectExact(bench, run);
  });

  test('when the API compacts the context', async ({ bench }) => {
    bench.configure({ model: 'gpt-6.1-sol', provider: 'OpenAI' });
    bench.api.add({
      prompt: 'loop',
      replies: [
        { calls: [{ tool: 'exec_command', cmd: 'echo one' }], usage: { input: 5000, cached: 1000, output: 30 } },
        { message: 'Done.', usage: { input: 900, output: 9 } },
      ],
      compaction: { compaction: 'c3VtbWFyeQ==', usage: { input: 5100, cached: 4900, output: 310 } },
    });
    const run = await bench.run(['exec', '--json', '-c', 'model_auto_compact_token_limit=4000', 'loop']);
    expect(run.ledger.map(({ requestKind }) => requestKind)).toEqual(['turn', 'compaction', 'turn']);
    expectExact(bench, run);
  });
});
