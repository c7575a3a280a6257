import { describe, expect, it } from 'vitest';
import { createClock } from '../../src/report/calendar.js';
import { readList, renderListText, toListJson } from '../../src/report/listing.js';
import { PLAIN } from '../../src/report/paint.js';
import { measureWidth } from '../../src/report/table.js';
import type { Store } from '../../src/store/store.js';
import { createStore, START, sampleInvocation, sampleResponse } from '../store/samples.js';
import { storeOf } from './recorded.js';

function createRuns(): Store {
  const store = createStore();
  const at = (minutes: number, runId: string) => ({ startedAtMs: START + minutes * 60_000, attribution: { runId } });
  const done = { status: 'completed', exitCode: 0, endedAtMs: START + 600_000 } as const;
  const update = { ...done, threadId: 'thread-1' };
  store.record({ invocation: sampleInvocation('1', at(0, 'resumed')), update, responses: [sampleResponse('1')] });
  const unpriced = sampleResponse('2', { model: 'new', costNanoUsd: undefined });
  store.record({ invocation: sampleInvocation('2', at(1, 'priceless')), update: done, responses: [unpriced] });
  const guess = sampleResponse('3', { source: 'estimated', evidence: 'tokenizer', model: 'other' });
  store.record({ invocation: sampleInvocation('3', at(2, 'resumed')), responses: [guess] });
  return store;
}

const list = (store: Store, limit = 20) => {
  return readList(store.connection, { kind: 'run', projectId: undefined, limit });
};
const render = (store: Store, width = 160) => {
  return renderListText(list(store), { clock: createClock('UTC'), width, paint: PLAIN });
};

describe('the list of runs', () => {
  it('has the run that was active last first, with its sums and how its invocations ended', () => {
    const rows = render(createRuns()).split('\n').slice(2, 4);
    expect(rows.map((row) => row.replaceAll(/ {2,}/g, '|'))).toEqual([
      'resumed|shop|2026-03-04 05:06|2026-03-04 05:08|gpt-5.3-codex +1|~2,000|~400|~$0.0052|1 running, 1 completed',
      'priceless|shop|2026-03-04 05:07|2026-03-04 05:07|new|1,000|200|unpriced|1 completed',
    ]);
  });

  it.each([60, 80])('has whole outcomes and lines that fit at %i columns, for which dates get shorter', (width) => {
    const lines = render(createRuns(), width).trimEnd().split('\n');
    expect(lines[2]).toMatch(/^resumed .*(1 running, 1 completed|1 of 2 running)$/);
    expect(lines[2]).toMatch(/ (2026-)?03-04 05:08 /);
    for (const line of lines) expect(measureWidth(line)).toBeLessThanOrEqual(width);
    expect(lines.slice(-2)).toEqual([
      '~ not all of it was reported by the API',
      '+ or unpriced: some models, or fees, have no known price',
    ]);
  });

  it('names the dearest model, and not the first by the alphabet', () => {
    const [cheap, dear] = [{ model: 'a-cheap' }, { model: 'z-dear', costNanoUsd: 9e9 }];
    const store = storeOf({ responses: [sampleResponse('1', cheap), sampleResponse('2', dear)] });
    expect(render(store)).toContain(' z-dear +1 ');
    expect(toListJson('run', list(store))).toMatchObject({ runs: [{ modelNames: ['a-cheap', 'z-dear'] }] });
  });

  it('writes all costs of the column alike', () => {
    const run = (runId: string, costNanoUsd: number) => {
      return { as: { attribution: { runId } }, responses: [sampleResponse(runId, { costNanoUsd })] };
    };
    expect(render(storeOf(run('cheap', 977_700_000), run('dear', 42.0956e9)))).toMatch(/ \$42\.10 .* \$0\.98 /s);
  });

  it('of sessions has the run, the phase and the model of each', () => {
    const entries = readList(createRuns().connection, { kind: 'session', projectId: undefined, limit: 20 });
    const text = renderListText(entries, { clock: createClock('UTC'), width: 120, paint: PLAIN });
    expect(text.split('\n')[2]).toMatch(/^thread-1 +resumed +builder +shop .* gpt-5\.3-codex /);
  });

  it('explains its marks where it has them', () => {
    expect(render(createRuns())).toMatch(/\n~ not all .* {3}\+ or unpriced: .*\n$/);
    expect(render(storeOf({ responses: [sampleResponse('1')] }))).not.toContain('\n~');
  });

  it('is as long as it may be', () => {
    expect(list(createRuns(), 1).map(({ scope }) => scope)).toEqual([
      { kind: 'run', projectId: 'shop', runId: 'resumed' },
    ]);
  });

  it('is data, too', () => {
    expect(toListJson('run', list(createRuns()))).toMatchObject({
      schemaVersion: 1,
      kind: 'runs',
      runs: [
        {
          runId: 'resumed',
          projectId: 'shop',
          startedAt: '2026-03-04T05:06:07.000Z',
          latestInvocationStartedAt: '2026-03-04T05:08:07.000Z',
          endedAt: null,
          invocationCount: 2,
          statusCounts: { completed: 1, running: 1 },
          source: 'mixed',
          inputTokens: 2000,
          costNanoUsd: 5_200_000,
        },
        { runId: 'priceless', costUsd: null, costNanoUsd: null, unpricedResponseCount: 1 },
      ],
    });
  });
});
