import { describe, expect, it } from 'vitest';
import { type CostReport, readCostReport } from '../../src/report/cost-report.js';
import { describeSource } from '../../src/report/figures.js';
import type { Part } from '../../src/report/selector.js';
import type { Scope } from '../../src/store/queries.js';
import type { Store } from '../../src/store/store.js';
import { createStore, START, sampleInvocation, sampleResponse } from '../store/samples.js';
import { storeOf } from './recorded.js';

const RUN: Scope = { kind: 'run', projectId: 'shop', runId: 'nightly-7' };

function readRun({ connection }: Store, detail: 'models' | 'responses' = 'models', part?: Part): CostReport {
  return readCostReport(connection, RUN, { detail, part });
}

/** Three iterations of a builder and a reviewer; each response costs ten times as much as the one before. */
function createLoop(): Store {
  return storeOf(
    ...[0, 1, 2, 3, 4, 5].map((key) => {
      const phase = key % 2 === 0 ? 'builder' : 'reviewer';
      const model = key % 2 === 0 ? 'gpt-5.3-codex' : 'gpt-5.5';
      const as = { attribution: { phase, iteration: Math.floor(key / 2) + 1 } } as const;
      return {
        as,
        responses: [sampleResponse(`${key}`, { model, costNanoUsd: 10 ** key, usage: { input: 10 ** key } })],
      };
    }),
  );
}

describe('the report of a run', () => {
  it('adds invocations up to phases and to iterations, and both to the total, to the nano-USD', () => {
    const { phases, iterations, totals } = readRun(createLoop());
    expect(phases.map(({ phase, figures }) => [phase, figures.costNanoUsd, figures.usage.input])).toEqual([
      ['builder', 10_101, 10_101],
      ['reviewer', 101_010, 101_010],
    ]);
    const sums = iterations.map(({ iteration, invocations, figures }) => [
      iteration,
      invocations.length,
      figures.costNanoUsd,
    ]);
    expect(sums).toEqual([
      [1, 2, 11],
      [2, 2, 1100],
      [3, 2, 110_000],
    ]);
    const { costNanoUsd, usage, responses } = totals;
    expect([costNanoUsd, usage.input, usage.output, responses]).toEqual([111_111, 111_111, 1200, 6]);
  });

  it.each([
    [{ phase: 'reviewer' }, 101_010],
    [{ iteration: 3 }, 110_000],
    [{ phase: 'builder', iteration: 2 }, 100],
    [{ model: 'gpt-5.5' }, 101_010],
    [{ model: 'gpt-?.3*', iteration: 1 }, 1],
  ])('can be of %j alone, with sums of that', (part, costNanoUsd) => {
    const { totals, invocations, phases } = readRun(createLoop(), 'responses', part);
    expect(totals.costNanoUsd).toBe(costNanoUsd);
    expect(phases.reduce((sum, { figures }) => sum + (figures.costNanoUsd ?? 0), 0)).toBe(costNanoUsd);
    expect(invocations.flatMap(({ responses }) => responses).length).toBe(totals.responses);
  });

  it.each([
    [{ phase: 'chat' }, 'Run nightly-7 has no phase chat. It has builder 1–3, reviewer 1–3.'],
    [{ phase: 'builder', iteration: 9 }, 'Run nightly-7 has no builder 9. It has builder 1–3, reviewer 1–3.'],
    [{ phase: '3' }, /Iteration 3 of all its phases is nightly-7\/\/3\.$/],
    [{ model: 'gpt-9' }, 'Nothing there is of model gpt-9. There is: gpt-5.3-codex, gpt-5.5.'],
  ])('says what there is instead of %j', (part, message) => {
    expect(() => readRun(createLoop(), 'models', part)).toThrow(message);
  });

  it('tells models and sources of an invocation apart', () => {
    const responses = [
      sampleResponse('resp-1'),
      sampleResponse('estimate:turn-1:0', { source: 'estimated', evidence: 'tokenizer', completedAtMs: START + 3000 }),
      sampleResponse('resp-3', { model: 'mini', completedAtMs: START + 2000 }),
    ];
    const [invocation] = readRun(storeOf({ responses })).invocations;
    expect(invocation?.models.map(({ model, source }) => `${model} ${source}`)).toEqual([
      'gpt-5.3-codex actual',
      'mini actual',
      'gpt-5.3-codex estimated',
    ]);
    expect(invocation && describeSource(invocation.figures)).toBe('mixed');
    expect(invocation?.figures.evidence).toEqual(['usage_record', 'tokenizer']);
  });

  it('names the models without a price and leaves them out of the cost, not out of the tokens', () => {
    const unpriced = { model: 'new', costNanoUsd: undefined, price: undefined };
    const responses = ['resp-1', 'resp-2'].map((key) => sampleResponse(key, unpriced));
    const { totals, unpriced: models } = readRun(storeOf({ responses: [...responses, sampleResponse('resp-3')] }));
    expect(models).toEqual([{ model: 'new', unpricedResponses: 2 }]);
    expect([totals.costNanoUsd, totals.unpricedResponses, totals.usage.input]).toEqual([2_600_000, 2, 3000]);
  });

  it('has no cost, instead of a cost of nothing, when nothing was recorded', () => {
    const { totals, invocations, sources } = readRun(storeOf({}));
    expect([totals.costNanoUsd, totals.responses, invocations.length, sources]).toEqual([undefined, 0, 1, []]);
  });

  it('holds every response with its price when it is asked to', () => {
    const store = storeOf({ responses: [sampleResponse('resp-1'), sampleResponse('resp-2')] });
    expect(readRun(store).invocations[0]?.responses).toEqual([]);
    expect(readRun(store, 'responses').invocations[0]?.responses.map(({ key }) => key)).toEqual(['resp-1', 'resp-2']);
  });
});

describe('the report of a session', () => {
  it('has every invocation of a thread that was resumed, in whatever run, with what its child threads used', () => {
    const store = createStore();
    const update = { threadId: 'thread-1' };
    const child = sampleResponse('resp-2', { threadId: 'child' });
    store.record({ invocation: sampleInvocation('a'), update, responses: [sampleResponse('resp-1'), child] });
    const later = sampleInvocation('b', { attribution: { runId: 'other' }, startedAtMs: START + 1 });
    store.record({ invocation: later, update, responses: [sampleResponse('resp-3')] });
    store.record({ invocation: sampleInvocation('c'), update: { threadId: 'thread-2' } });
    const report = readCostReport(store.connection, { kind: 'session', threadId: 'thread-1' }, { detail: 'models' });
    expect(report.invocations.map(({ invocation, figures }) => [invocation.id, figures.responses])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
  });
});
