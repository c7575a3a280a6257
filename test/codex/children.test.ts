import { describe, expect } from 'vitest';
import { expectExact, recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import {
  askFirstAgent,
  collaborate,
  REVIEWED_COMMAND,
  resumeFirstAgent,
  spawnAgent,
  waitForSpawned,
  waitingForAgents,
} from '../scripted-api/agents.js';
import type { Scenario } from '../scripted-api/script.js';

const NOTIFIED: Scenario = {
  prompt: 'subagent_notification',
  replies: [{ message: 'Three shelves.', usage: { input: 2300, output: 24 } }],
};

const DELEGATE: Scenario = {
  prompt: 'delegate',
  replies: [
    { calls: spawnAgent('Please survey the aisle.'), usage: { input: 2000, output: 21 } },
    { calls: waitForSpawned, usage: { input: 2100, cached: 1900, output: 22 } },
    { message: 'Three shelves.', usage: { input: 2200, cached: 2000, output: 23 } },
  ],
};

describe('the record equals the ledger of the API', () => {
  test.for([
    ['gpt-5.3-codex', 'scripted'],
    ['gpt-6.1-sol', 'OpenAI'],
  ] as const)('when Codex has a command reviewed, with %s', async ([model, provider], { bench }) => {
    bench.configure({ model, provider });
    bench.api.add(...REVIEWED_COMMAND);
    const run = await bench.run(['exec', '--json', '--approve-for-me', 'escalate']);
    expect(run.stdout.toString()).toContain('out\\n');
    expect(run.ledger.map(({ threadId }) => threadId)).toHaveLength(3);
    expect(new Set(run.ledger.map(({ threadId }) => threadId)).size).toBe(2);
    expectExact(bench, run);
  });

  test('when a sub-agent has a sub-agent of its own', async ({ bench }) => {
    bench.api.add(
      DELEGATE,
      {
        prompt: 'survey the aisle',
        replies: [
          { calls: spawnAgent('Please count the shelves.'), usage: { input: 3000, output: 31 } },
          { calls: waitForSpawned, usage: { input: 3100, cached: 2900, output: 32 } },
          { message: 'Three.', usage: { input: 3200, output: 33 } },
        ],
      },
      { prompt: 'count the shelves', replies: [{ message: 'Three.', usage: { input: 4000, cached: 1, output: 41 } }] },
      NOTIFIED,
    );
    const run = await bench.run(['exec', '--json', '-c', 'agents.max_depth=2', 'delegate']);
    expect(new Set(run.ledger.map(({ threadId }) => threadId)).size).toBe(3);
    expectExact(bench, run);
    expect(bench.api.unmatched).toEqual([]);
  });

  test('when collaborating agents work with models of their own', async ({ bench }) => {
    bench.configure({ model: 'gpt-6.1-sol' });
    const agent = (task_name: string, model: string) =>
      collaborate({ task_name, message: `Look at ${task_name}.`, fork_turns: 'none', model });
    bench.api.add(
      {
        prompt: 'delegate',
        thread: 'root',
        replies: [
          {
            calls: [agent('shelves', 'gpt-5.6-sol'), agent('floors', 'gpt-5.5')],
            usage: { input: 2000, cacheWrite: 500, output: 21 },
          },
          ...waitingForAgents(),
        ],
      },
      { prompt: '', thread: 'child', replies: [{ message: 'Three.', usage: { input: 3000, output: 41 } }] },
    );
    const run = await bench.run(['exec', '--json', 'delegate']);
    expect(new Set(expectExact(bench, run).responses.map(({ model }) => model))).toEqual(
      new Set(['gpt-6.1-sol', 'gpt-5.6-sol', 'gpt-5.5']),
    );
  });

  test('when a sub-agent is cut off because its parent ends first', async ({ bench }) => {
    const childAsksAgain = waitFor('the second request of the sub-agent', () => bench.api.requests.length === 4);
    bench.api.add(
      {
        prompt: 'delegate',
        replies: [
          { calls: spawnAgent('Please survey the aisle.'), usage: { input: 2000, output: 21 } },
          { message: 'I do not wait.', usage: { input: 2100, output: 22 }, until: childAsksAgain },
        ],
      },
      {
        prompt: 'survey the aisle',
        replies: [
          { calls: [{ tool: 'exec_command', cmd: 'echo shelf' }], usage: { input: 3000, cached: 64, output: 31 } },
          { message: 'And so on', hang: true },
        ],
      },
    );
    const run = await bench.run(['exec', '--json', 'delegate']);
    expect(run.exitCode).toBe(0);
    expect(run.ledger).toHaveLength(3);
    expectExact(bench, run);
  });

  test('when a sub-agent works on in a later run, each run counts its own part', async ({ bench }) => {
    bench.api.add(
      DELEGATE,
      {
        prompt: 'survey the aisle',
        replies: [{ message: 'Three.', usage: { input: 3000, cached: 64, output: 31 } }],
      },
      {
        prompt: 'go on',
        replies: [
          { calls: resumeFirstAgent, usage: { input: 2500, output: 25 } },
          { calls: askFirstAgent('Please look once more.'), usage: { input: 2600, output: 26 } },
          { calls: waitForSpawned, usage: { input: 2700, output: 27 } },
          { message: 'Four shelves.', usage: { input: 2800, output: 28 } },
        ],
      },
      { prompt: 'look once more', replies: [{ message: 'Four.', usage: { input: 3500, cached: 3000, output: 35 } }] },
      NOTIFIED,
    );
    const first = await bench.run(['exec', '--json', 'delegate'], { meter: ['--meter-run-id', 'r'] });
    const second = await bench.run(['exec', '--json', 'resume', '--last', 'go on'], { meter: ['--meter-run-id', 'r'] });
    const [agent] = first.ledger.filter(({ usage }) => usage?.input === 3000);
    expect(second.ledger.filter(({ threadId }) => threadId === agent?.threadId)).toHaveLength(1);
    expect(expectExact(bench, first)).toMatchObject({ iteration: 1 });
    expect(expectExact(bench, second)).toMatchObject({ iteration: 2 });
    const { threadId } = recordOf(bench, first);
    expect(recordOf(bench, second).threadId).toBe(threadId);
    expect(bench.api.unmatched).toEqual([]);
  });
});
