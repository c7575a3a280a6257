import { describe, expect, it } from 'vitest';
import { createCalendar } from '../../src/report/calendar.js';
import { ReportError } from '../../src/report/error.js';
import type { Figures } from '../../src/report/figures.js';
import { type PeriodQuery, type PeriodReport, readPeriodReport } from '../../src/report/period-report.js';
import { readSnapshot } from '../../src/store/queries.js';
import type { Store } from '../../src/store/store.js';
import { toTagFilter } from '../../src/store/tags.js';
import type { InvocationTag, Tag } from '../../src/usage/tags.js';
import { createStore, sampleInvocation, sampleResponse } from '../store/samples.js';
import { importThread } from './recorded.js';

/** On a day for which credits are known. */
const START = Date.parse('2026-10-06T10:00:00Z');
const DAY_MS = 86_400_000;
const MODEL = 'gpt-5.5';
let keys = 0;

function tagsOf(tags: Readonly<Record<string, string>>): InvocationTag[] {
  return Object.entries(tags).map(([key, value]) => ({ key, value, origin: 'git' }));
}

/** A response of a thread on each of three days. */
function respond(threadId: string, input: number) {
  return [0, 1, 2].map((day) => {
    const completedAtMs = START + day * DAY_MS;
    return sampleResponse(`r${keys++}`, { threadId, model: MODEL, completedAtMs, usage: { input: input + keys } });
  });
}

function meter(store: Store, tags: Readonly<Record<string, string>>, threadId = `t${keys++}`): void {
  const invocation = sampleInvocation(`i${keys++}`, { startedAtMs: START, tags: tagsOf(tags) });
  const update = { threadId, threadKnownBy: 'output', endedAtMs: START + 9 * DAY_MS } as const;
  store.record({ invocation, responses: respond(threadId, 1000), update });
}

function importSession(store: Store, tags: readonly Tag[], threadId = `past${keys++}`): void {
  importThread(store, threadId, respond(threadId, 900), tags);
}

function read(store: Store, wish: Partial<PeriodQuery> = {}): PeriodReport {
  const query: PeriodQuery = { kind: 'daily', firstWeekday: 1, nowMs: START + 5 * DAY_MS, ...wish };
  return readSnapshot(store, (connection) => readPeriodReport(connection, query, createCalendar('UTC')));
}

const only = (key: string, ...values: string[]) => ({ tags: toTagFilter(values.map((value) => ({ key, value }))) });
const amount = ({ usage, costNanoUsd, responses, credits }: Figures) => ({ usage, costNanoUsd, responses, credits });

function createTagged(): Store {
  const store = createStore();
  meter(store, { branch: 'main', repo: 'acme/shop', pr: '7', team: 'search' });
  meter(store, { branch: 'main', repo: 'acme/till', pr: '7', team: 'pay' });
  meter(store, { branch: 'release/1', team: 'pay' });
  meter(store, {});
  importSession(store, [{ key: 'branch', value: 'main' }]);
  importSession(store, [{ key: 'branch', value: 'old' }]);
  importSession(store, []);
  return store;
}

const toTag = ([key = '', value = '']: readonly string[]): Tag => ({ key, value });

describe('a report by a tag', () => {
  it.each([
    ['branch', undefined, { '': 1, main: 2, old: undefined, 'release/1': 1 }],
    ['pr', undefined, { '': 2, 'acme/shop#7': 1, 'acme/till#7': 1 }],
    ['tag', 'team', { '': 1, pay: 2, search: 1 }],
  ] as const)(
    '%s has an entry for each value and one for none, and comes to what the days come to',
    (kind, tagKey, entries) => {
      const store = createTagged();
      const report = read(store, { kind, tagKey, unit: 'credits' });
      const daily = read(store, { unit: 'credits' });
      expect(Object.fromEntries(report.entries.map(({ key, invocations }) => [key, invocations]))).toEqual(entries);
      expect(amount(report.totals)).toEqual(amount(daily.totals));
      expect(report.days).toEqual(daily.days);
      expect(report.pace).toEqual(daily.pace);
      expect(report.forecast).toEqual(daily.forecast);
      const sum = report.entries.reduce((total, { figures }) => total + (figures.costNanoUsd ?? 0), 0);
      expect(sum).toBe(daily.totals.costNanoUsd);
      const credits = report.entries.reduce((total, { figures }) => total + (figures.credits?.nanoCredits ?? 0), 0);
      expect(credits).toBe(daily.totals.credits?.nanoCredits);
    },
  );

  it('has for each branch what the report by day has with --branch', () => {
    const store = createTagged();
    for (const { key, figures } of read(store, { kind: 'branch', unit: 'credits' }).entries) {
      if (key === '') continue;
      const daily = read(store, { ...only('branch', key), unit: 'credits' });
      expect(amount(daily.totals)).toEqual(amount(figures));
      expect(daily.days).toHaveLength(3);
    }
  });

  it('takes several values for a key as any of them, several keys as all of them, and patterns', () => {
    const store = createTagged();
    const count = (tags: readonly Tag[]) => read(store, { tags: toTagFilter(tags) }).totals.responses;
    const [main, release, pay] = [
      ['branch', 'main'],
      ['branch', 'release/*'],
      ['team', 'pay'],
    ].map(toTag);
    const asked = [[main], [main, release], [main, release, pay], [main, pay], [toTag(['branch', '*'])]];
    expect(asked.map((tags) => count(tags.flatMap((tag) => tag ?? [])))).toEqual([9, 12, 6, 3, 15]);
  });

  it('sees what has been recorded since the last report of the same connection', () => {
    const store = createTagged();
    const before = read(store, only('branch', 'main')).totals.responses;
    meter(store, { branch: 'main' });
    importSession(store, [{ key: 'branch', value: 'main' }]);
    expect(read(store, only('branch', 'main')).totals.responses).toBe(before + 6);
    expect(() => read(store, only('branch', 'nowhere'))).toThrow(ReportError);
    expect(read(store, only('branch', 'main')).totals.responses).toBe(before + 6);
  });

  it('gives an invocation without any tag those of its thread, and one with some none of them', () => {
    const store = createStore();
    importSession(store, [{ key: 'branch', value: 'main' }], 'resumed');
    meter(store, {}, 'resumed');
    importSession(store, [{ key: 'branch', value: 'main' }], 'detached');
    meter(store, { commit: 'a'.repeat(40) }, 'detached');
    // Each invocation has the three responses that were there before, too.
    expect(read(store, only('branch', 'main')).totals.responses).toBe(6);
  });

  it('says which keys and values there are', () => {
    const store = createTagged();
    expect(() => read(store, only('branch', 'mian'))).toThrow(
      'Nothing is recorded of branch mian. There is: main, old, release/1.',
    );
    expect(() => read(store, only('mood', 'good'))).toThrow(/with a tag mood\. There is: branch, .*team/);
    expect(() => read(store, { kind: 'tag', tagKey: 'mood' })).toThrow(/with a tag mood\./);
    expect(() => read(createTagged(), { ...only('branch', 'old'), since: 0, until: 1 })).toThrow(
      'There is no such usage',
    );
  });
});
