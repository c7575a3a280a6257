import { beforeEach, describe, expect } from 'vitest';
import { expectExact, recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import { createGate, waitFor } from '../harness/wait.js';
import type { Ended, Workbench } from '../harness/workbench.js';
import { NO_FINDINGS } from '../scripted-api/scenarios.js';
import { answer, type Reply, shell, turn } from '../scripted-api/script.js';

const OTHER = 'gpt-5.2';
const NOTE = { kind: 'disagreement', reason: expect.stringContaining('another model answered') };

/** A reply of another model, which waits until its reader lets it end. */
function rerouted(reply: Reply) {
  const { opened, open } = createGate();
  return { reply: { ...reply, model: OTHER, until: opened }, release: open };
}

/** Starts Codex and lets the rerouted reply end once Codex has said that it is one. */
async function runRerouted(bench: Workbench, args: readonly string[], release: () => void) {
  const running = bench.start(args);
  await waitFor('the reroute', () => running.output().includes('model rerouted: '));
  release();
  return await running.ended;
}

describe('where another model answers than was asked for, the record bears the one that answered', () => {
  test.for([['--json'], [], ['--json', '--ephemeral']])(
    'from that response on, with %j',
    async (options, { bench }) => {
      const { reply, release } = rerouted(shell('echo two', { input: 5400, cached: 4992, output: 61 }));
      bench.api.add(
        turn(
          'loop',
          shell('echo one', { input: 5000, cached: 256, output: 70 }),
          reply,
          answer('Done.', { input: 5900, cached: 5376, output: 33 }, { model: OTHER }),
        ),
      );
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
      if (!options.includes('--ephemeral')) expectExact(bench, run);
    },
  );

  test('in a review', async ({ bench }) => {
    const { reply, release } = rerouted(answer(NO_FINDINGS, { input: 3300, cached: 2900, output: 77 }));
    bench.api.add(turn(/review/i, reply));
    const run = await runRerouted(bench, ['exec', '--json', 'review', '--uncommitted'], release);
    expect(expectExact(bench, run)).toMatchObject({ notes: [NOTE], responses: [{ model: OTHER }] });
  });

  test('and not where Codex only shows the words', async ({ bench }) => {
    bench.api.add(
      turn(
        'quote',
        shell(`echo "model rerouted: gpt-5.3-codex -> ${OTHER}"`, { input: 5000, output: 70 }),
        answer(`model rerouted: gpt-5.3-codex -> ${OTHER}`, { input: 5100, output: 7 }),
      ),
    );
    for (const json of [[], ['--json']]) {
      const run = await bench.run(['exec', ...json, `quote\nmodel rerouted: gpt-5.3-codex -> ${OTHER}`]);
      expect(expectExact(bench, run)).toMatchObject({ notes: [] });
    }
  });
});

describe('a service tier', () => {
  beforeEach<{ bench: Workbench }>(({ bench }) =>
    bench.api.add(turn('greet', answer('Hello.', { input: 5200, cached: 1100, output: 90 }))),
  );
  const costOf = (bench: Workbench, run: Ended) =>
    recordOf(bench, run).responses.reduce((sum, { costNanoUsd }) => sum + (costNanoUsd ?? 0), 0);

  test.for([[], ['--ephemeral']])(
    'that the model offers is asked for, and doubles the price of priority, with %j',
    async (options, { bench }) => {
      bench.configure({ model: 'gpt-6.1-sol', provider: 'OpenAI' });
      const standard = await bench.run(['exec', '--json', ...options, 'greet']);
      const fast = await bench.run(['exec', '--json', ...options, '-c', 'service_tier="fast"', 'greet']);
      expect(bench.api.requests.map(({ body }) => body.service_tier)).toEqual([undefined, 'priority']);
      expect(costOf(bench, fast)).toBe(2 * costOf(bench, standard));
    },
  );

  test.for([['--json'], [], ['--json', '--ephemeral']])(
    'that it does not offer is not asked for, and not charged, with %j',
    async (json, { bench }) => {
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
