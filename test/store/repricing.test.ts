import { describe, expect, it } from 'vitest';
import { reprice } from '../../src/store/repricing.js';
import type { Store } from '../../src/store/store.js';
import type { ModelResponse, PricedResponse } from '../../src/usage/record.js';
import { createStore, START, sampleInvocation, sampleResponse } from './samples.js';

/** A dollar for each response; nothing is known of `gone` and `new`. */
const dollar = (response: ModelResponse): PricedResponse => {
  const known = response.model !== 'gone' && response.model !== 'new';
  return { ...response, costNanoUsd: known ? 1e9 : undefined, price: known ? { inputCostPer1kUsd: 7 } : undefined };
};

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

const costs = ({ connection }: Store) =>
  connection.prepare('SELECT cost_nano_usd FROM responses ORDER BY id').pluck().all();
const sums = ({ connection }: Store, table: string) => {
  return connection.prepare(`SELECT sum(cost_nano_usd), sum(unpriced_responses) FROM ${table}`).raw().get();
};

describe('repricing', () => {
  it('gives responses the cost of the prices known now, also those that had none', () => {
    const store = createRecord();
    const { responses, changed, unpriced, kept } = reprice(store.connection, {
      filter: {},
      priceOf: dollar,
      mode: 'write',
    });
    expect([responses, kept, [...unpriced]]).toEqual([6, 1, [['new', 1]]]);
    expect(changed.map(({ beforeNanoUsd, afterNanoUsd }) => [beforeNanoUsd, afterNanoUsd])).toEqual([
      [2_600_000, 1e9],
      [null, 1e9],
      [2_600_000, 1e9],
    ]);
    expect(costs(store)).toEqual([1e9, 1e9, 1e9, 5, null, 1e9]);
  });

  it('takes the sums along', () => {
    const store = createRecord();
    reprice(store.connection, { filter: {}, priceOf: dollar, mode: 'write' });
    expect(sums(store, 'cost_records')).toEqual([4e9 + 5, 1]);
    expect(sums(store, 'buckets')).toEqual([4e9 + 5, 1]);
  });

  it('keeps what a response had cost first, however often it is repriced', () => {
    const store = createRecord();
    reprice(store.connection, { filter: {}, priceOf: dollar, mode: 'write' });
    reprice(store.connection, {
      filter: {},
      priceOf: (response) => ({ ...dollar(response), costNanoUsd: 9 }),
      mode: 'write',
    });
    const originals = store.connection
      .prepare('SELECT response_id, cost_nano_usd, price FROM original_costs')
      .raw()
      .all();
    const price = JSON.stringify(sampleResponse('1').price);
    expect(originals.slice(0, 3)).toEqual([
      [1, 2_600_000, price],
      [2, 1e9, price],
      [3, null, null],
    ]);
  });

  it('looks at what is asked for alone', () => {
    const store = createRecord();
    expect(
      reprice(store.connection, { filter: { model: 'la*' }, priceOf: dollar, mode: 'write' }).changed,
    ).toHaveLength(1);
    expect(
      reprice(store.connection, { filter: { fromMs: START + 3_600_000 }, priceOf: dollar, mode: 'write' }).changed,
    ).toHaveLength(1);
    expect(costs(store)).toEqual([2_600_000, 1e9, 1e9, 5, null, 1e9]);
  });

  it('changes nothing in a dry run', () => {
    const store = createRecord();
    const before = costs(store);
    expect(reprice(store.connection, { filter: {}, priceOf: dollar, mode: 'dry-run' }).changed).toHaveLength(3);
    expect(costs(store)).toEqual(before);
    expect(store.connection.prepare('SELECT count(*) FROM original_costs').pluck().get()).toBe(0);
  });
});
