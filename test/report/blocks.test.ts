import { describe, expect, it } from 'vitest';
import { type BlocksQuery, readBlocks } from '../../src/report/blocks.js';
import { createCalendar } from '../../src/report/calendar.js';
import type { Store } from '../../src/store/store.js';
import type { Provider } from '../../src/usage/provider.js';
import { createStore, sampleInvocation, sampleResponse } from '../store/samples.js';

const NOW = Date.parse('2026-03-04T21:00Z');

function createUsage(...times: (readonly [time: string, usd: number, provider?: Provider])[]): Store {
  const store = createStore();
  const responses = times.map(([time, usd, provider = 'codex'], index) => {
    const completedAtMs = Date.parse(`2026-03-04T${time}Z`);
    return sampleResponse(`${index}`, { completedAtMs, costNanoUsd: usd * 1e9, provider });
  });
  store.record({ invocation: sampleInvocation('a'), responses });
  return store;
}

function read(store: Store, wish: Partial<BlocksQuery> = {}) {
  return readBlocks(store.connection, { firstWeekday: 1, nowMs: NOW, ...wish }, createCalendar('UTC'));
}

const list = (store: Store, wish?: Partial<BlocksQuery>) => {
  return read(store, wish).blocks.map(({ provider, startMs, endMs, figures }) => {
    const times = [startMs, endMs].map((ms) => new Date(ms).toISOString().slice(11, 16));
    return [provider, ...times, (figures.costNanoUsd ?? 0) / 1e9];
  });
};

describe('a window of five hours', () => {
  it('begins at the full hour of its first usage, and the next one with the first usage after it', () => {
    const store = createUsage(['08:20', 1], ['12:59', 2], ['13:00', 4], ['19:30', 8]);
    expect(list(store)).toEqual([
      ['codex', '08:00', '13:00', 3],
      ['codex', '13:00', '18:00', 4],
      ['codex', '19:00', '00:00', 8],
    ]);
  });

  it('is of one provider', () => {
    const store = createUsage(['08:20', 1], ['09:20', 2, 'claude'], ['10:20', 4]);
    expect(list(store)).toEqual([
      ['codex', '08:00', '13:00', 5],
      ['claude', '09:00', '14:00', 2],
    ]);
    expect(list(store, { provider: 'claude' })).toEqual([['claude', '09:00', '14:00', 2]]);
  });

  it('tells while it is open how it goes on', () => {
    const [past, open] = read(createUsage(['08:20', 1], ['19:00', 2], ['20:30', 4])).blocks;
    expect(past?.outlook).toBeUndefined();
    expect(open?.outlook).toEqual({ leftMs: 3 * 3_600_000, nanoUsdPerHour: 3e9, costNanoUsd: 15e9 });
  });

  it('is one of the newest when so many are asked for', () => {
    const { blocks, totals } = read(createUsage(['01:00', 1], ['08:20', 2], ['19:00', 4]), { last: 2, order: 'desc' });
    expect(blocks.map(({ figures }) => (figures.costNanoUsd ?? 0) / 1e9)).toEqual([4, 2]);
    expect(totals.costNanoUsd).toBe(6e9);
  });
});
