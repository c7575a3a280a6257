import { describe, expect } from 'vitest';
import { expectExact, recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import {
  askFirstAgent,
  collaborate,
  DELEGATION,
  REVIEWED_COMMAND,
  resumeFirstAgent,
  spawnAgent,
  waitForSpawned,
  waitingForAgents,
} from '../scripted-api/agents.js';
import type { LedgerEntry } from '../scripted-api/ledger.js';
import { answer, shell, turn, UNFINISHED } from '../scripted-api/script.js';

const countThreads = (ledger: readonly LedgerEntry[]) => new Set(ledger.map(({ threadId }) => threadId)).size;

describe('the record equals the ledger of the API', () => {
  test.for([
    ['gpt-5.3-codex', 'scripted'],
    ['gpt-6.1-sol', 'OpenAI'],
  ] as const)('when Codex has a command reviewed, with %s', async ([model, provider], { bench }) => {
    bench.configure({ model, provider });
    bench.api.add(...REVIEWED_COMMAND);
    const run = await bench.run(['exec', '--json', '--approve-for-me', 'escalate']);
    expect(run.stdout.toString()).toContain('out\\n');
    expect(countThreads(run.ledger)).toBe(2);
    expectExact(bench, run, 3);
  });

  test.for([['--json'], []])('when sub-agents work, and again after a resume, with %j', async (json, { bench }) => {
    bench.api.add(...DELEGATION);
    const first = await bench.run(['exec', ...json, 'delegate']);
    const resumed = await bench.run(['exec', ...json, 'resume', '--last', 'delegate']);
    expect(countThreads(first.ledger)).toBe(2);
    for (const run of [first, resumed]) expectExact(bench, run);
    expect(bench.api.unmatched).toEqual([]);
  });

  test('when a sub-agent has a sub-agent of its own', async ({ bench }) => {
    bench.api.add(
      turn('measure a shelf', answer('A metre.', { input: 4000, cached: 1, output: 41 })),
      turn(
        'count the shelves',
        { calls: spawnAgent('Please measure a shelf.'), usage: { input: 3000, output: 31 } },
        { calls: waitForSpawned, usage: { input: 3100, cached: 2900, output: 32 } },
        answer('Three.', { input: 3200, output: 33 }),
      ),
      ...DELEGATION,
    );
    const run = await bench.run(['exec', '--json', '-c', 'agents.max_depth=2', 'delegate']);
    expect(countThreads(run.ledger)).toBe(3);
    expectExact(bench, run);
    expect(bench.api.unmatched).toEqual([]);
  });

  test.for([
    ['none', { shelves: 'gpt-5.6-sol', floors: 'gpt-5.5' }],
    ['all', { shelves: undefined }],
  ] as const)('when collaborating agents are given %s of the history: %j', async ([turns, models], { bench }) => {
    bench.configure({ model: 'gpt-6.1-sol' });
    const agents = Object.entries(models).map(([task, model]) => collaborate(task, `Look at ${task}.`, turns, model));
    const delegated = { calls: agents, usage: { input: 2000, cacheWrite: 500, output: 21 } };
    const replies = [shell('echo shelf', { input: 3000, cached: 64, output: 31 }), answer('Three.')];
    bench.api.add(
      { prompt: 'delegate', thread: 'root', replies: [delegated, ...waitingForAgents()] },
      { prompt: '', thread: 'child', replies },
    );
    const run = await bench.run(['exec', '--json', 'delegate']);
    expect(countThreads(run.ledger)).toBe(1 + agents.length);
    const recorded = expectExact(bench, run).responses.map(({ model }) => model);
    const expected = ['gpt-6.1-sol', ...Object.values(models)].map((model = 'gpt-6.1-sol') => model);
    expect(new Set(recorded)).toEqual(new Set(expected));
  });

  test('when a sub-agent is cut off because its parent ends first', async ({ bench }) => {
    const childAsksAgain = waitFor('the second request of the sub-agent', () => bench.api.requests.length === 4);
    bench.api.add(
      turn(
        'delegate',
        { calls: spawnAgent('Please count the shelves.'), usage: { input: 2000, output: 21 } },
        answer('I do not wait.', { input: 2100, output: 22 }, { until: childAsksAgain }),
      ),
      turn('count the shelves', shell('echo shelf', { input: 3000, cached: 64, output: 31 }), UNFINISHED),
    );
    const run = await bench.run(['exec', '--json', 'delegate']);
    expect(run.exitCode).toBe(0);
    expectExact(bench, run, 3);
  });

  test('when a sub-agent works on in a later run, each run counts its own part', async ({ bench }) => {
    bench.api.add(
      ...DELEGATION,
      turn(
        'go on',
        { calls: resumeFirstAgent, usage: { input: 2500, output: 25 } },
        { calls: askFirstAgent('Please look once more.'), usage: { input: 2600, output: 26 } },
        { calls: waitForSpawned, usage: { input: 2700, output: 27 } },
        answer('Four shelves.', { input: 2800, output: 28 }),
      ),
      turn('look once more', answer('Four.', { input: 3500, cached: 3000, output: 35 })),
    );
    const meter = ['--meter-run-id', 'r'];
    const first = await bench.run(['exec', '--json', 'delegate'], { meter });
    const second = await bench.run(['exec', '--json', 'resume', '--last', 'go on'], { meter });
    const agent = first.ledger.find(({ usage }) => usage?.input === 3000);
    expect(second.ledger.filter(({ threadId }) => threadId === agent?.threadId)).toHaveLength(1);
    expect(expectExact(bench, first)).toMatchObject({ iteration: 1 });
    const { threadId } = recordOf(bench, first);
    expect(expectExact(bench, second)).toMatchObject({ iteration: 2, threadId });
    expect(bench.api.unmatched).toEqual([]);
  });
});
