import { describe, expect, it } from 'vitest';
import { readRows } from '../../src/store/sql.js';
import type { Store } from '../../src/store/store.js';
import { createRandom } from '../agents/codex/session-lines.js';
import { createStore, START, sampleInvocation, sampleResponse } from './samples.js';

/** The runner's table. */
const THIRTEEN_COLUMNS = {
  id: 'TEXT',
  project_id: 'TEXT',
  run_id: 'TEXT',
  category: 'TEXT',
  input_tokens: 'INTEGER',
  output_tokens: 'INTEGER',
  is_actual: 'INTEGER',
  model: 'TEXT',
  input_cost_per_1k: 'REAL',
  output_cost_per_1k: 'REAL',
  total_cost_usd: 'REAL',
  description: 'TEXT',
  created_at: 'TEXT',
};

const rowsOf = ({ connection }: Store, sql: string) => readRows<Record<string, unknown>>(connection, sql);

describe('the cost records', () => {
  it('begin with the thirteen columns of the runner, of its types', () => {
    const columns = rowsOf(createStore(), "SELECT name, type FROM pragma_table_info('cost_records') LIMIT 13");
    expect(Object.fromEntries(columns.map(({ name, type }) => [name, type]))).toEqual(THIRTEEN_COLUMNS);
  });

  it('say in those columns what an invocation used of a model, and when the first of its responses was completed', () => {
    const store = createStore();
    const responses = [9000, 1123].map((ms) => sampleResponse(`resp-${ms}`, { completedAtMs: START + ms }));
    store.record({
      invocation: sampleInvocation('a', { attribution: { phase: 'reviewer', iteration: 2 } }),
      responses,
    });
    const [record] = rowsOf(store, `SELECT ${Object.keys(THIRTEEN_COLUMNS).join(', ')} FROM cost_records`);
    expect(record).toEqual({
      id: 'a/gpt-5.3-codex/actual',
      project_id: 'shop',
      run_id: 'nightly-7',
      category: 'reviewer',
      input_tokens: 2000,
      output_tokens: 400,
      is_actual: 1,
      model: 'gpt-5.3-codex',
      input_cost_per_1k: 0.001,
      output_cost_per_1k: 0.008,
      total_cost_usd: 0.0052,
      description: 'reviewer iteration 2, codex exec, 2 responses',
      created_at: '2026-03-04T05:06:08.123Z',
    });
  });

  it('have no cost while no response has a price, and otherwise the sum of those that have one', () => {
    const store = createStore();
    const invocation = sampleInvocation('a');
    const unpriced = { costNanoUsd: undefined, price: undefined };
    const costs = 'SELECT cost_nano_usd, total_cost_usd, input_cost_per_1k, unpriced_responses FROM cost_records';
    store.record({ invocation, responses: [sampleResponse('resp-1', unpriced)] });
    expect(rowsOf(store, costs)).toEqual([
      { cost_nano_usd: null, total_cost_usd: null, input_cost_per_1k: null, unpriced_responses: 1 },
    ]);
    store.record({ invocation, responses: [sampleResponse('resp-2', { costNanoUsd: 1_500_000 })] });
    expect(rowsOf(store, costs)).toEqual([
      { cost_nano_usd: 1_500_000, total_cost_usd: 0.0015, input_cost_per_1k: 0.001, unpriced_responses: 1 },
    ]);
  });

  it('are the sums of the responses per invocation, model and source, to the nano-USD', () => {
    const store = createStore();
    const next = createRandom(7);
    const random = (below: number) => Math.floor(next() * below);
    const models = ['gpt-5.3-codex', 'gpt-5.1-codex-mini', 'unknown'];
    const sources = { usage_record: 'actual', turn_completed: 'parsed', tokenizer: 'estimated' } as const;
    for (let index = 0; index < 60; index++) {
      const evidence = (['usage_record', 'turn_completed', 'tokenizer'] as const)[random(3)] ?? 'text';
      const key = `resp-${random(40)}`;
      const response = sampleResponse(key, {
        // In one thread what is counted exactly would replace what stands in for it.
        threadId: `thread of ${key}`,
        model: models[random(3)] ?? '',
        evidence,
        source: evidence === 'text' ? 'parsed' : sources[evidence],
        usage: { input: random(300_000), cachedInput: random(900), cacheWrite: random(90), output: random(5000) },
        costNanoUsd: random(4) === 0 ? undefined : random(2 ** 31),
      });
      store.record({ invocation: sampleInvocation(`invocation-${random(5)}`), responses: [response] });
    }
    const columns = 'input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens';
    const records = `SELECT invocation_id, model, source, is_actual, ${columns}, responses, cost_nano_usd FROM cost_records`;
    const sums = `SELECT invocation_id, model, source, source = 'actual', sum(input_tokens), sum(cached_input_tokens),
      sum(cache_write_tokens), sum(output_tokens), sum(reasoning_tokens), count(*), sum(cost_nano_usd)
      FROM responses GROUP BY invocation_id, model, source`;
    expect(rowsOf(store, records).length).toBeGreaterThan(20);
    expect(rowsOf(store, `${records} EXCEPT ${sums}`)).toEqual([]);
    expect(rowsOf(store, `${sums} EXCEPT ${records}`)).toEqual([]);
  });
});
