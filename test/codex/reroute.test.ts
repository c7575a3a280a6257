import { describe, expect } from 'vitest';
import { expectExact, recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import type { Workbench } from '../harness/workbench.js';
import type { Reply } from '../scripted-api/script.js';

const OTHER = 'gpt-5.2';
const NOTE = { kind: 'disagreement', reason: expect.stringContaining('another model answered') };

/** A reply of another model, which waits until its reader lets it end. */
function rerouted(reply: Reply) {
  let release: () => void = () => undefined;
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { reply: { ...reply, model: OTHER, until }, release };
}

/** Starts Codex and lets the rerouted reply end once Codex has said that it is one. */
async function runRerouted(bench: Workbench, args: readonly string[], release: () => void) {
  const running = bench.start(args);
  await waitFor('the reroute', () => running.output().includes('model rerouted: '));
  release();
  return await running.ended;
}

describe('where another model answers than was asked for, the record bears the one that answered', () => {
  test.for([
    ['--json', ['--json']],
    ['the human-readable output', []],
    ['--json --ephemeral', ['--json', '--ephemeral']],
  ] as const)('from that response on, with %s', async ([, options], { bench }) => {
    const { reply, release } = rerouted({
      calls: [{ tool: 'exec_command', cmd: 'echo two' }],
      usage: { input: 5400, cached: 4992, output: 61 },
    });
    bench.api.add({
      prompt: 'loop',
      replies: [
        { calls: [{ tool: 'exec_command', cmd: 'echo one' }], usage: { input: 5000, cached: 256, output: 70 } },
        reply,
        { message: 'Done.', model: OTHER, usage: { input: 5900, cached: 5376, output: 33 } },
      ],
    });
    const run = await runRerouted(bench, ['exec', ...options, 'loop'], release);
    const { responses, costRecords, notes } = recordOf(bench, run);
    expect(responses.map(({ model, input }) => ({ model, input }))).toEqual(
      run.ledger.map(({ model, usage }) => ({ model, input: usage?.input })),
    );
    expect(new Map(costRecords.map(({ model, input }) => [model, input]))).toEqual(
      new Map([
        ['gpt-5.3-codex', 5000],
        [OTHER, 11_300],
      ]),
    );
    expect(notes).toMatchObject([NOTE]);
    if (!options.some((option) => option === '--ephemeral')) expectExact(bench, run);
  });

  test('in a review', async ({ bench }) => {
    const { reply, release } = rerouted({
      message:
        '{"findings":[],"overall_correctness":"patch is correct","overall_explanation":"Fine.","overall_confidence_score":1}',
      usage: { input: 3300, cached: 2900, output: 77 },
    });
    bench.api.add({ prompt: /review/i, replies: [reply] });
    const run = await runRerouted(bench, ['exec', '--json', 'review', '--uncommitted'], release);
    expect(expectExact(bench, run)).toMatchObject({ notes: [NOTE], responses: [{ model: OTHER }] });
  });

  test('and not where Codex only shows the words', async ({ bench }) => {
    bench.api.add({
      prompt: 'quote',
      replies: [
        {
          calls: [{ tool: 'exec_command', cmd: `echo "model rerouted: gpt-5.3-codex -> ${OTHER}"` }],
          usage: { input: 5000, output: 70 },
        },
        { message: `model rerouted: gpt-5.3-codex -> ${OTHER}`, usage: { input: 5100, output: 7 } },
      ],
    });
    for (const json of [[], ['--json']]) {
      const run = await bench.run(['exec', ...json, `quote\nmodel rerouted: gpt-5.3-codex -> ${OTHER}`]);
      expect(expectExact(bench, run)).toMatchObject({ notes: [] });
    }
  });
});

describe('a service tier', () => {
  const GREETING = {
    prompt: 'greet',
    replies: [{ message: 'Hello.', usage: { input: 5200, cached: 1100, output: 90 } }],
  };
  const costOf = (bench: Workbench, run: Awaited<ReturnType<Workbench['run']>>) =>
    recordOf(bench, run).responses.reduce((sum, { costNanoUsd }) => sum + (costNanoUsd ?? 0), 0);

  test.for([
    ['a session file', []],
    ['--ephemeral', ['--ephemeral']],
  ] as const)(
    'that the model offers is asked for, and doubles the price of priority, with %s',
    async ([, options], { bench }) => {
      bench.configure({ model: 'gpt-6.1-sol', provider: 'OpenAI' });
      bench.api.add(GREETING);
      const standard = await bench.run(['exec', '--json', ...options, 'greet']);
      const fast = await bench.run(['exec', '--json', ...options, '-c', 'service_tier="fast"', 'greet']);
      expect(bench.api.requests.map(({ body }) => body.service_tier)).toEqual([undefined, 'priority']);
      expect(costOf(bench, fast)).toBe(2 * costOf(bench, standard));
    },
  );

  test.for([['--json'], [], ['--json', '--ephemeral']])(
    'that it does not offer is not asked for, and not charged, with %j',
    async (json, { bench }) => {
      bench.api.add(GREETING);
      const standard = await bench.run(['exec', ...json, 'greet']);
      expect(costOf(bench, standard)).toBeGreaterThan(0);
      const fast = await bench.run(['exec', ...json, '-c', 'service_tier="fast"', 'greet']);
      expect(bench.api.requests.at(-1)?.body.service_tier).toBeUndefined();
      expect(costOf(bench, fast)).toBe(costOf(bench, standard));
      expect(recordOf(bench, fast).notes).toMatchObject([
        { kind: 'disagreement', reason: expect.stringContaining('did not ask for the service tier') },
      ]);
    },
  );
});
