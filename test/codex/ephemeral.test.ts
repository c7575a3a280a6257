import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { readRecord, recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import type { Ended, Workbench } from '../harness/workbench.js';
import { REVIEWED_COMMAND, spawnAgent, waitForSpawned } from '../scripted-api/agents.js';
import type { Scenario } from '../scripted-api/script.js';

const LOOP: Scenario = {
  prompt: 'loop',
  replies: [
    {
      calls: [{ tool: 'exec_command', cmd: 'echo one' }],
      usage: { input: 5000, cached: 256, output: 70, reasoning: 11 },
    },
    { message: 'Done.', usage: { input: 5900, cached: 5376, cacheWrite: 128, output: 33 } },
  ],
};

const GREETING: Scenario = {
  prompt: 'greet',
  replies: [
    { reasoning: 'Short.', message: 'Hello.', usage: { input: 5200, cacheWrite: 64, output: 90, reasoning: 40 } },
  ],
};

const REVIEW: Scenario = {
  prompt: /review/i,
  replies: [
    {
      message:
        '{"findings":[],"overall_correctness":"patch is correct","overall_explanation":"Fine.","overall_confidence_score":1}',
      usage: { input: 3300, cached: 2900, output: 77, reasoning: 5 },
    },
  ],
};

const DELEGATE: readonly Scenario[] = [
  {
    prompt: 'delegate',
    replies: [
      {
        calls: spawnAgent('Count the shelves.'),
        usage: { input: 2000, output: 21 },
      },
      { calls: waitForSpawned, usage: { input: 2100, cached: 1900, output: 22 } },
      { message: 'Three.', usage: { input: 2200, output: 23 } },
    ],
  },
  { prompt: 'Count the shelves', replies: [{ message: 'Three.', usage: { input: 3000, cached: 64, output: 31 } }] },
  { prompt: 'subagent_notification', replies: [{ message: 'Three.', usage: { input: 2300, output: 24 } }] },
];

describe('a run that keeps no session file equals the ledger of the API', () => {
  test.for([
    ['one turn', ['exec', '--json', '--ephemeral', 'greet']],
    ['a tool loop', ['exec', '--json', '--ephemeral', 'loop']],
    ['a tool loop in human mode', ['exec', '--ephemeral', 'loop']],
    ['a review', ['exec', 'review', '--json', '--ephemeral', '--uncommitted']],
    ['sub-agents', ['exec', '--json', '--ephemeral', 'delegate']],
    ['a command that was reviewed', ['exec', '--json', '--ephemeral', '--approve-for-me', 'escalate']],
  ] as const)('after %s', async ([, args], { bench }) => {
    bench.api.add(...REVIEWED_COMMAND, GREETING, LOOP, REVIEW, ...DELEGATE);
    const run = await bench.run(args);
    expect(run.exitCode).toBe(0);
    expectSameCounts(bench, run);
    expect(bench.api.unmatched).toEqual([]);
  });

  test('when it continues a thread that has one', async ({ bench }) => {
    bench.api.add(LOOP);
    await bench.run(['exec', '--json', 'loop']);
    const run = await bench.run(['exec', 'resume', '--last', '--json', '--ephemeral', 'loop']);
    expect(run.ledger).toHaveLength(2);
    expectSameCounts(bench, run);
  });

  test('when it is ended by SIGTERM', async ({ bench }) => {
    bench.api.add({
      prompt: 'endless',
      replies: [
        { calls: [{ tool: 'exec_command', cmd: 'echo one' }], usage: { input: 4100, cached: 77, output: 52 } },
        { message: 'And so on', hang: true },
      ],
    });
    const running = bench.start(['exec', '--json', '--ephemeral', 'endless']);
    await waitFor('the second request', () => bench.api.requests.length === 2);
    // Codex sends its telemetry in batches: what it has not sent yet ends with it.
    await waitFor('the first row', () => readRecord(bench.database)[0]?.responses.length === 1);
    running.kill('SIGTERM');
    expectSameCounts(bench, await running.ended);
  });
});

test('what some responses used is not known where a provider leaves usage out, and that is told', async ({ bench }) => {
  bench.api.add({
    prompt: 'loop',
    replies: [
      { calls: [{ tool: 'exec_command', cmd: 'echo one' }], usage: { input: 900, cached: 3, output: 5 } },
      { calls: [{ tool: 'exec_command', cmd: 'echo two' }], usage: null },
      { message: 'All done.', usage: { input: 1100, output: 6 } },
    ],
  });
  const run = await bench.run(['exec', '--json', '--ephemeral', 'loop']);
  const { responses, notes } = recordOf(bench, run);
  expect(responses).toMatchObject([
    { source: 'actual', evidence: 'otel', input: 900, cached: 3, output: 5 },
    { source: 'actual', evidence: 'otel', input: 1100, output: 6 },
  ]);
  expect(notes).toMatchObject([{ kind: 'fallback', reason: expect.stringContaining('completed without usage') }]);
  expect(JSON.parse(notes[0]?.figures ?? '{}')).toEqual({ responses: 1 });
});

describe('where the user has set up telemetry', () => {
  const useOwnExporter = (bench: Workbench) =>
    appendFileSync(join(bench.codexHome, 'config.toml'), '\n[otel]\nexporter = "none"\n');

  test('it is left alone, and turn.completed counts, with a note', async ({ bench }) => {
    useOwnExporter(bench);
    bench.api.add(LOOP);
    const run = await bench.run(['exec', '--json', '--ephemeral', '--model', 'gpt-5.3-codex', 'loop']);
    const { responses, notes } = recordOf(bench, run);
    expect(responses).toMatchObject([
      {
        evidence: 'turn_completed',
        source: 'actual',
        input: 10_900,
        cached: 5632,
        cacheWrite: 128,
        output: 103,
        reasoning: 11,
      },
    ]);
    expect(notes).toMatchObject([{ kind: 'fallback', reason: expect.stringContaining('no session file') }]);
  });

  test('the human-readable footer is parsed, with a note', async ({ bench }) => {
    useOwnExporter(bench);
    bench.api.add(LOOP);
    const run = await bench.run(['exec', '--ephemeral', 'loop']);
    const { responses, costRecords, notes } = recordOf(bench, run);
    const blended = 10_900 - 5632 + 103;
    expect(responses).toMatchObject([{ evidence: 'text', source: 'parsed', input: blended, cached: 0, output: 0 }]);
    expect(costRecords).toMatchObject([{ model: 'gpt-5.3-codex', isActual: 0, source: 'parsed', input: blended }]);
    expect(notes).toMatchObject([{ kind: 'fallback', reason: expect.stringContaining('leaves cached input out') }]);
  });
});

/** The telemetry has no response ids: the counters and models are compared, thread by thread. */
function expectSameCounts(bench: Workbench, run: Ended): void {
  const invocation = recordOf(bench, run);
  const recorded = invocation.responses.map(
    ({ threadId, model, source, input, cached, cacheWrite, output, reasoning }) => ({
      ...{ threadId, model, source, input, cached, cacheWrite, output, reasoning },
    }),
  );
  const billed = run.ledger.map(({ threadId, model, usage }) => ({ threadId, model, source: 'actual', ...usage }));
  expect(recorded).toHaveLength(billed.length);
  expect(recorded).toEqual(expect.arrayContaining(billed));
  expect(invocation.notes).toEqual([]);
}
