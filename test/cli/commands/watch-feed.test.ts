import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { LiveFeed } from '../../../src/cli/commands/watch-feed.js';
import { createCalendar } from '../../../src/report/calendar.js';
import { createFolder, createStore, sampleInvocation, sampleResponse } from '../../store/samples.js';

const ALIVE = { meterPid: process.pid, codexPid: process.pid };

function createFeed(database: string, catchUp = () => undefined): LiveFeed {
  const calendar = createCalendar('UTC');
  const folder = dirname(database);
  const paths = { database, pendingDirectory: join(folder, 'pending'), spareDirectory: join(folder, 'spare') };
  const feed = new LiveFeed({ paths, projectId: undefined, endedWithinMs: 3_600_000, calendar, catchUp });
  onTestFinished(() => feed.close());
  return feed;
}

test('a database that nobody wrote to is not read again', () => {
  const path = join(createFolder(), 'usage.db');
  const store = createStore(path);
  const now = Date.now();
  store.record({ invocation: sampleInvocation('a', { ...ALIVE, startedAtMs: now }) });
  const feed = createFeed(path);
  const { view } = feed.read();
  expect(view?.invocations).toHaveLength(1);
  expect(feed.read().view).toBe(view);
  store.record({ invocation: { id: 'a' }, responses: [sampleResponse('1', { completedAtMs: now })] });
  const next = feed.read().view;
  expect(next).not.toBe(view);
  expect(next?.invocations[0]?.figures.responses).toBe(1);
  expect(next?.spending.today.costNanoUsd).toBe(next?.invocations[0]?.figures.costNanoUsd);
});

test('of budgets the one that is used up the most counts, over all that it is for', () => {
  const path = join(createFolder(), 'usage.db');
  const store = createStore(path);
  const now = Date.now();
  const record = (id: string, costNanoUsd: number) =>
    store.record({
      invocation: sampleInvocation(id, { ...ALIVE, startedAtMs: now }),
      responses: [sampleResponse(id, { threadId: id, completedAtMs: now, costNanoUsd })],
    });
  record('a', 4e9);
  record('b', 1e9);
  const limits = [
    { scope: 'invocation', unit: 'usd', amount: 5e9 },
    { scope: 'run', unit: 'usd', amount: 10e9 },
    { scope: 'day', unit: 'tokens', amount: 4800 },
  ];
  const keep = store.connection.prepare('UPDATE invocations SET budget = ? WHERE id = ?');
  keep.run(JSON.stringify({ onBudget: 'stop', limits: limits.slice(0, 2) }), 'a');
  keep.run(JSON.stringify({ onBudget: 'warn', limits }), 'b');
  const budgets = createFeed(path)
    .read()
    .view?.invocations.map(({ row, budget }) => [row.id, budget?.limit.scope, budget?.amount]);
  expect(budgets?.toSorted()).toEqual([
    ['a', 'invocation', 4e9],
    ['b', 'run', 5e9],
  ]);
});
