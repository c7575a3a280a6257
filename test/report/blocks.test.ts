import { describe, expect, it } from 'vitest';
import { type BlocksQuery, readBlocks } from '../../src/report/blocks.js';
import { renderBlocksText } from '../../src/report/blocks-text.js';
import { createCalendar, createClock } from '../../src/report/calendar.js';
import { PLAIN } from '../../src/report/paint.js';
import type { Store } from '../../src/store/store.js';
import type { Provider } from '../../src/usage/provider.js';
import { createStore, sampleInvocation, sampleResponse } from '../store/samples.js';

const NOW = Date.parse('2026-03-04T21:00Z');

function createUsage(...times: (readonly [time: string, usd: number, provider?: Provider])[]): Store {
  const store = createStore();
  const responses = times.map(([time, usd, provider = 'codex'], index) => {
    const [hours = 0, minutes = 0] = time.split(':').map(Number);
    const completedAtMs = Date.UTC(2026, 2, 4, hours, minutes);
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

  it('stays where it is when a range begins or ends in the middle of it', () => {
    const store = createUsage(['20:10', 1], ['23:10', 2], ['26:10', 4], ['27:30', 8], ['36:10', 16]);
    const day = createCalendar('UTC').dayOf(NOW);
    const show = (wish: Partial<BlocksQuery>) => {
      return read(store, wish).blocks.map(({ startMs, figures, extent }) => {
        return [new Date(startMs).toISOString().slice(8, 16), (figures.costNanoUsd ?? 0) / 1e9, extent];
      });
    };
    expect(show({})).toEqual([
      ['04T20:00', 3, 'whole'],
      ['05T02:00', 12, 'whole'],
      ['05T12:00', 16, 'whole'],
    ]);
    expect(show({ since: day + 1 })).toEqual(show({}).slice(1));
    const early = createCalendar('America/Sao_Paulo');
    const readDays = (wish: object) => readBlocks(store.connection, { firstWeekday: 1, nowMs: NOW, ...wish }, early);
    const since = readDays({ since: day + 1 });
    expect(since.blocks.map(({ figures, extent }) => [(figures.costNanoUsd ?? 0) / 1e9, extent])).toEqual([
      [8, 'part'],
      [16, 'whole'],
    ]);
    const look = { width: 200, paint: PLAIN, clock: createClock('UTC') };
    const text = renderBlocksText(since, { ...look, extent: 'full', detail: 'entries' });
    expect(text).toContain('Of the window from 2026-03-05 02:00 (codex) only what was used on the days asked for');
    expect(readDays({ until: day }).blocks.at(-1)).toMatchObject({ extent: 'part', figures: { costNanoUsd: 4e9 } });
  });

  it('stays where it is when one project or one model is asked for', () => {
    const store = createUsage(['08:20', 1], ['12:50', 2], ['13:10', 4]);
    const late = ['b', 'c'].map((name, index) => {
      const completedAtMs = Date.parse(`2026-03-04T${10 + index * 4}:00Z`);
      return sampleResponse(name, { completedAtMs, costNanoUsd: 8e9, model: 'gpt-5.4', threadId: name });
    });
    store.record({ invocation: sampleInvocation('b', { attribution: { projectId: 'else' } }), responses: late });
    const chosen = [
      ['codex', '08:00', '13:00', 8],
      ['codex', '13:00', '18:00', 8],
    ];
    expect(list(store, { projectId: 'else' })).toEqual(chosen);
    expect(list(store, { model: 'gpt-5.4' })).toEqual(chosen);
  });

  it('goes on, of one project, since the first usage of all in it', () => {
    const store = createUsage(['19:00', 2]);
    const completedAtMs = Date.parse('2026-03-04T20:30Z');
    const mine = sampleResponse('b', { completedAtMs, costNanoUsd: 4e9, threadId: 'b' });
    store.record({ invocation: sampleInvocation('b', { attribution: { projectId: 'else' } }), responses: [mine] });
    const [open] = read(store, { projectId: 'else' }).blocks;
    expect(open?.outlook).toEqual({ leftMs: 3 * 3_600_000, nanoUsdPerHour: 2e9, costNanoUsd: 10e9 });
  });

  it('is one of the newest when so many are asked for', () => {
    const { blocks, totals } = read(createUsage(['01:00', 1], ['08:20', 2], ['19:00', 4]), { last: 2, order: 'desc' });
    expect(blocks.map(({ figures }) => (figures.costNanoUsd ?? 0) / 1e9)).toEqual([4, 2]);
    expect(totals.costNanoUsd).toBe(6e9);
  });
});
