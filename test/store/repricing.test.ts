import { describe, expect, it } from 'vitest';
import { type RepricingOptions, reprice } from '../../src/store/repricing.js';
import { readColumn, readRow, readRows, readValue } from '../../src/store/sql.js';
import type { Store } from '../../src/store/store.js';
import type { ModelResponse, PricedResponse } from '../../src/usage/record.js';
import { createStore, START, sampleInvocation, sampleResponse } from './samples.js';

/** A dollar for each response; nothing is known of `gone` and `new`. */
const dollar = (response: ModelResponse): PricedResponse => {
  const known = response.model !== 'gone' && response.model !== 'new';
  return { ...response, costNanoUsd: known ? 1e9 : undefined, price: known ? { inputCostPer1kUsd: 7 } : undefined };
};

const ALL: RepricingOptions = { filter: {}, priceOf: dollar, mode: 'write' };

function createRecord(): Store {
  const store = createStore();
  const responses = [
    sampleResponse('1'),
    sampleResponse('2', { costNanoUsd: 1e9 }),
    sampleResponse('3', { model: 'late', costNanoUsd: undefined, price: undefined }),
    sampleResponse('4', { model: 'gone', costNanoUsd: 5 }),
    sampleResponse('5', { model: 'new', costNanoUsd: undefined, price: undefined }),
    sampleResponse('6', { completedAtMs: START + 86_400_000 }),
  ];
  store.record({ invocation: sampleInvocation('a'), responses });
  return store;
}

const COSTS = [2_600_000, 1e9, null, 5, null, 2_600_000];
const costs = ({ connection }: Store) => readColumn(connection, 'SELECT cost_nano_usd FROM responses ORDER BY id');
const sums = ({ connection }: Store, table: string) =>
  readRow(connection, `SELECT sum(cost_nano_usd) AS cost, sum(unpriced_responses) AS unpriced FROM ${table}`);

describe('repricing', () => {
  it('gives responses the cost of the prices known now, also those that had none, and takes the sums along', () => {
    const store = createRecord();
    const { responses, changed, unpriced, kept } = reprice(store.connection, ALL);
    expect([responses, kept, [...unpriced]]).toEqual([6, 1, [['new', 1]]]);
    expect(changed).toMatchObject(
      [2_600_000, null, 2_600_000].map((beforeNanoUsd) => ({ beforeNanoUsd, afterNanoUsd: 1e9 })),
    );
    expect(costs(store)).toEqual([1e9, 1e9, 1e9, 5, null, 1e9]);
    for (const table of ['cost_records', 'buckets']) expect(sums(store, table)).toEqual({ cost: 4e9 + 5, unpriced: 1 });
  });

  it('keeps what a response had cost first, however often it is repriced', () => {
    const { connection } = createRecord();
    reprice(connection, ALL);
    reprice(connection, { ...ALL, priceOf: (response) => ({ ...dollar(response), costNanoUsd: 9 }) });
    const originals = 'SELECT response_id AS id, cost_nano_usd AS cost, price FROM original_costs LIMIT 3';
    const price = JSON.stringify(sampleResponse('1').price);
    expect(readRows(connection, originals)).toEqual([
      { id: 1, cost: 2_600_000, price },
      { id: 2, cost: 1e9, price },
      { id: 3, cost: null, price: null },
    ]);
  });

  it('examines what is asked for alone, and changes nothing in a dry run', () => {
    const store = createRecord();
    expect(reprice(store.connection, { ...ALL, mode: 'dry-run' }).changed).toHaveLength(3);
    expect([costs(store), readValue(store.connection, 'SELECT count(*) FROM original_costs')]).toEqual([COSTS, 0]);
    for (const filter of [{ model: 'la*' }, { fromMs: START + 3_600_000 }]) {
      expect(reprice(store.connection, { ...ALL, filter }).changed).toHaveLength(1);
    }
    expect(costs(store)).toEqual(COSTS.map((cost, index) => (index === 2 || index === 5 ? 1e9 : cost)));
  });
});
