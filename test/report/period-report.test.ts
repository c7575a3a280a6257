import { describe, expect, it } from 'vitest';
import { createCalendar, formatDay, parseDay } from '../../src/report/calendar.js';
import { type PeriodQuery, readPeriodReport } from '../../src/report/period-report.js';
import { bucketStartOf } from '../../src/store/bucket-tally.js';
import { refreshBuckets } from '../../src/store/buckets.js';
import { upsertResponse } from '../../src/store/responses.js';
import type { Store } from '../../src/store/store.js';
import type { Phase } from '../../src/usage/phase.js';
import type { PricedResponse } from '../../src/usage/record.js';
import { NO_USAGE } from '../../src/usage/usage.js';
import { createStore, sampleInvocation, sampleResponse } from '../store/samples.js';

/** 2026-03-31, a Tuesday, in Berlin. */
const NOW = Date.UTC(2026, 2, 31, 10);
let keys = 0;

function record(store: Store, projectId: string, ...responses: Partial<PricedResponse>[]): void {
  const invocation = sampleInvocation(`${projectId}-${keys++}`, { attribution: { projectId } });
  store.record({ invocation, responses: responses.map((one) => sampleResponse(`r${keys++}`, one)) });
}

function read(store: Store, wish: Partial<PeriodQuery> = {}, timeZone = 'Europe/Berlin') {
  const query: PeriodQuery = { kind: 'daily', firstWeekday: 1, nowMs: NOW, ...wish };
  return readPeriodReport(store.connection, query, createCalendar(timeZone));
}

const at = (text: string) => ({ completedAtMs: Date.parse(text) });
const dollars = (usd: number) => ({ costNanoUsd: usd * 1e9 });
const costs = (report: ReturnType<typeof read>) => {
  return report.entries.map(({ key, figures }) => [key, (figures.costNanoUsd ?? 0) / 1e9]);
};

describe('the days of a report', () => {
  it('are those of the reader, across the change to summer time', () => {
    const store = createStore();
    const times = ['2026-03-28T22:59:59Z', '2026-03-28T23:00:00Z', '2026-03-29T21:59:59Z', '2026-03-29T22:00:00Z'];
    record(store, 'shop', ...times.map((time, index) => ({ ...at(time), ...dollars(2 ** index) })));
    expect(costs(read(store))).toEqual([
      ['2026-03-28', 1],
      ['2026-03-29', 6],
      ['2026-03-30', 8],
    ]);
    expect(costs(read(store, {}, 'America/New_York'))).toEqual([
      ['2026-03-28', 3],
      ['2026-03-29', 12],
    ]);
  });

  it('sum up every counter of every response, and tell the models apart', () => {
    const store = createStore();
    const usage = { ...NO_USAGE, input: 10, cachedInput: 4, cacheWrite: 3, output: 5, reasoning: 2 };
    const claude = { model: 'claude', provider: 'claude', usage } as const;
    record(store, 'shop', at('2026-03-30T10:00Z'), { ...at('2026-03-30T18:00Z'), ...claude });
    const [entry] = read(store).entries;
    expect(entry?.figures).toMatchObject({
      responses: 2,
      usage: { ...NO_USAGE, input: 1010, cachedInput: 404, cacheWrite: 3, output: 205, reasoning: 52 },
      costNanoUsd: 2_600_000 + 50_000,
    });
    expect(entry?.models.map(({ model, provider }) => [model, provider])).toEqual([
      ['gpt-5.3-codex', 'codex'],
      ['claude', 'claude'],
    ]);
  });

  it('make weeks and months', () => {
    const store = createStore();
    record(store, 'shop', { ...at('2026-02-28T12:00Z'), ...dollars(1) }, { ...at('2026-03-01T12:00Z'), ...dollars(2) });
    expect(costs(read(store, { kind: 'weekly' }))).toEqual([['2026-02-23', 3]]);
    expect(costs(read(store, { kind: 'weekly', firstWeekday: 0 }))).toEqual([
      ['2026-02-22', 1],
      ['2026-03-01', 2],
    ]);
    expect(costs(read(store, { kind: 'monthly' }))).toEqual([
      ['2026-02', 1],
      ['2026-03', 2],
    ]);
  });
});

describe('the range of a report', () => {
  const createDays = () => {
    const store = createStore();
    const days = ['2026-02-10', '2026-03-24', '2026-03-25', '2026-03-30', '2026-03-31'];
    record(store, 'shop', ...days.map((day) => ({ ...at(`${day}T08:00Z`), ...dollars(1) })));
    return store;
  };
  const keysOf = (wish: Partial<PeriodQuery>) => read(createDays(), wish).entries.map(({ key }) => key);

  it('has its first and its last day in it', () => {
    const [since, until] = [parseDay('2026-03-24'), parseDay('20260330')];
    expect(keysOf({ since, until })).toEqual(['2026-03-24', '2026-03-25', '2026-03-30']);
  });

  it('may be the last days, weeks or months, up to today or another day', () => {
    expect(keysOf({ last: 7 })).toEqual(['2026-03-25', '2026-03-30', '2026-03-31']);
    expect(keysOf({ last: 2, until: parseDay('2026-03-25') })).toEqual(['2026-03-24', '2026-03-25']);
    expect(keysOf({ kind: 'weekly', last: 1 })).toEqual(['2026-03-30']);
    expect(keysOf({ kind: 'monthly', last: 1 })).toEqual(['2026-03']);
    expect(keysOf({ kind: 'monthly', last: 2 })).toEqual(['2026-02', '2026-03']);
  });

  it('without usage is an error that names it, and with nothing recorded at all another', () => {
    expect(() => keysOf({ since: parseDay('2026-04-01') })).toThrow('There is no such usage from 2026-04-01.');
    expect(() => read(createStore())).toThrow('No usage has been recorded yet.');
  });
});

describe('what a report is about', () => {
  const createMix = () => {
    const store = createStore();
    const shop = [dollars(1), { ...dollars(2), model: 'gpt-6-luna' }];
    record(store, 'shop', ...shop.map((one) => ({ ...at('2026-03-30T08:00Z'), ...one })));
    record(store, 'bank', { ...at('2026-03-31T08:00Z'), ...dollars(8), model: 'claude-x', provider: 'claude' });
    return store;
  };

  it.each([
    [{ provider: 'claude' }, 8],
    [{ projectId: 'shop' }, 3],
    [{ model: 'gpt-6-luna' }, 2],
    [{ model: 'gpt-*' }, 3],
  ] as const)('can be %j alone', (wish, usd) => {
    expect((read(createMix(), wish).totals.costNanoUsd ?? 0) / 1e9).toBe(usd);
  });

  it.each([
    [{ projectId: 'sohp' }, 'Nothing is recorded of project sohp. There is: bank, shop.'],
    [{ model: 'gpt-9' }, 'Nothing is recorded of model gpt-9. There is: claude-x, gpt-6-luna, gpt-5.3-codex.'],
  ])('says what there is instead of %j', (wish, message) => {
    expect(() => read(createMix(), wish)).toThrow(message);
  });

  it('is by model or by project, too, the dearest first', () => {
    expect(costs(read(createMix(), { kind: 'model' }))).toEqual([
      ['claude-x', 8],
      ['gpt-6-luna', 2],
      ['gpt-5.3-codex', 1],
    ]);
    expect(costs(read(createMix(), { kind: 'project' }))).toEqual([
      ['bank', 8],
      ['shop', 3],
    ]);
  });
});

describe('the phases of metered runs', () => {
  it('have the sums of their invocations, and nothing that was read from history alone', () => {
    const store = createStore();
    const add = (id: string, phase: Phase, usd: number) => {
      const responses = [sampleResponse(id, { ...at('2026-03-30T08:00Z'), ...dollars(usd) })];
      store.record({ invocation: sampleInvocation(id, { attribution: { phase } }), responses });
    };
    add('a', 'builder', 1);
    add('b', 'builder', 2);
    add('c', 'reviewer', 4);
    upsertResponse(store.connection, null, sampleResponse('d', { ...at('2026-03-30T09:00Z'), ...dollars(8) }));
    refreshBuckets(store.connection, [bucketStartOf(Date.parse('2026-03-30T09:00Z'))]);
    const report = read(store, { kind: 'phase' });
    expect(report.entries.map(({ key, invocations, figures }) => [key, invocations, figures.costNanoUsd])).toEqual([
      ['reviewer', 1, 4e9],
      ['builder', 2, 3e9],
    ]);
    expect(report.totals.costNanoUsd).toBe(7e9);
    expect(read(store).totals.costNanoUsd).toBe(15e9);
  });
});

describe('the pace', () => {
  it('counts days, days of use, and hours of use by the quarter', () => {
    const store = createStore();
    const times = ['28T08:00Z', '28T08:14Z', '28T08:15Z'].map((time) => ({ ...at(`2026-03-${time}`), ...dollars(2) }));
    record(store, 'shop', ...times, { ...at('2026-03-30T08:00Z'), ...dollars(6) });
    const spent = { nanoUsdPerActiveDay: 6e9, nanoUsdPerCalendarDay: 3e9, nanoUsdPerActiveHour: 16e9 };
    expect(read(store).pace).toEqual({ activeDays: 2, calendarDays: 4, activeHours: 0.75, ...spent });
  });

  it('forecasts the month from the two weeks before today', () => {
    const store = createStore();
    const now = Date.UTC(2026, 2, 21, 10);
    const days = Array.from({ length: 21 }, (_, index) => at(`2026-03-${String(index + 1).padStart(2, '0')}T08:00Z`));
    record(store, 'shop', ...days.map((day, index) => ({ ...day, ...dollars(index < 6 ? 100 : 3) })));
    const spent = { spentNanoUsd: 645e9, forecastNanoUsd: 675e9, nanoUsdPerDay: 3e9 };
    expect(read(store, { nowMs: now }).forecast).toEqual({ month: '2026-03', basisDays: 14, ...spent });
  });

  it('forecasts nothing where the report ends before today', () => {
    const store = createStore();
    record(store, 'shop', at('2026-03-28T08:00Z'));
    expect(read(store).forecast).toBeDefined();
    expect(read(store, { until: parseDay('2026-03-30') }).forecast).toBeUndefined();
  });
});

it('a price that nobody knows is no cost and is named', () => {
  const store = createStore();
  record(store, 'shop', { ...at('2026-03-28T08:00Z'), model: 'new', costNanoUsd: undefined });
  const { totals, unpriced, pace, days } = read(store);
  expect(totals.costNanoUsd).toBeUndefined();
  expect(unpriced).toEqual([{ model: 'new', unpricedResponses: 1 }]);
  expect(pace.nanoUsdPerActiveDay).toBeUndefined();
  expect(days.map(({ day }) => formatDay(day))).toEqual(['2026-03-28']);
});
