import { describe, expect, it } from 'vitest';
import { createClock } from '../../src/report/calendar.js';
import { toCostJson } from '../../src/report/cost-json.js';
import { readCostReport } from '../../src/report/cost-report.js';
import { renderCostText } from '../../src/report/cost-text.js';
import { readList, renderListText, toListJson } from '../../src/report/listing.js';
import { PLAIN } from '../../src/report/paint.js';
import { selectScope } from '../../src/report/selector.js';
import { upsertResponse } from '../../src/store/responses.js';
import type { Store } from '../../src/store/store.js';
import { createStore, START, sampleInvocation, sampleResponse } from '../store/samples.js';

const LOOK = { clock: createClock('UTC'), width: 140, paint: PLAIN };
const NOWHERE = { directory: '/nowhere', below: undefined, projectId: 'nowhere' };

/** Two sessions of history, `past` with a child, and `metered`, which was followed and then read from history too. */
function createSessions(): Store {
  const store = createStore();
  const add = store.connection.prepare(
    `INSERT INTO threads (id, provider, root_id, project_id, kind, cwd, cli_version, started_at_ms)
     VALUES (?, ?, ?, ?, ?, '/home/ada/bank', '0.140.0', ?)`,
  );
  add.run('past', 'codex', 'past', 'bank', 'main', START - 9000);
  add.run('past-child', 'codex', 'past', 'bank', 'subagent', START - 8000);
  add.run('claude-1', 'claude', 'claude-1', 'shop', 'main', START + 5000);
  add.run('empty', 'codex', 'empty', 'bank', 'main', START + 9000);
  add.run('metered', 'codex', 'metered', 'shop', 'main', START);
  // Before the run began: what was completed while it ran would be its own.
  for (const threadId of ['past', 'past-child', 'claude-1', 'metered']) {
    upsertResponse(store.connection, null, sampleResponse('1', { threadId, completedAtMs: START - 1 }));
  }
  const update = { threadId: 'metered', status: 'completed', exitCode: 0, endedAtMs: START + 1000 } as const;
  const responses = [sampleResponse('2', { threadId: 'metered', model: 'other' })];
  store.record({ invocation: sampleInvocation('a'), update, responses });
  return store;
}

function select({ connection }: Store, id?: string) {
  return selectScope(connection, { kind: 'session', id, projectId: undefined, place: NOWHERE });
}

describe('a session that was read from history', () => {
  it('is found by its id, by that of a child, and as the newest', () => {
    const store = createSessions();
    expect(select(store, 'past').scope).toEqual({ kind: 'session', threadId: 'past' });
    expect(select(store, 'past-ch')).toMatchObject({ scope: { threadId: 'past' }, reason: 'child-thread' });
    expect(select(store)).toMatchObject({ scope: { threadId: 'claude-1' }, reason: 'newest' });
  });

  it('has the sums of its threads', () => {
    const store = createSessions();
    const selection = select(store, 'past');
    const report = readCostReport(store.connection, selection.scope, { detail: 'responses' });
    expect(report.totals).toMatchObject({ responses: 2, costNanoUsd: 5_200_000, usage: { input: 2000 } });
    expect(toCostJson(report, selection, { detail: 'responses' })).toMatchObject({
      threadId: 'past',
      projectIds: ['bank'],
      invocations: [],
      unmetered: [
        { threadId: 'past', threadKind: 'main', provider: 'codex', responses: [{ responseKey: '1' }] },
        { threadId: 'past-child', threadKind: 'subagent', cliVersion: '0.140.0', costNanoUsd: 2_600_000 },
      ],
    });
    const text = renderCostText(report, selection, { ...LOOK, nowMs: START, extent: 'full', notes: 'brief' });
    expect(text).toContain('project bank  started 2026-03-04 05:05  codex 0.140.0');
    expect(text).toMatch(/\n2026-03-04 05:05 {2}main .*\$0\.0026.* not metered\n/);
    expect(text).toMatch(/\n2026-03-04 05:05 {2}subagent .*not metered\n/);
    expect(text).not.toContain('Iter');
  });

  it('may have been metered in part', () => {
    const store = createSessions();
    const { totals, invocations, unmetered } = readCostReport(store.connection, select(store, 'metered').scope, {
      detail: 'models',
    });
    expect([totals.responses, invocations.length, unmetered.length]).toEqual([2, 1, 1]);
  });

  it('stands in the list beside those that were metered, with all of its threads', () => {
    const store = createSessions();
    const entries = readList(store.connection, { kind: 'session', projectId: undefined, limit: 10 });
    const rows = entries.map(({ scope, figures }) => [scope.kind === 'session' && scope.threadId, figures.responses]);
    expect(rows).toEqual([
      ['claude-1', 1],
      ['metered', 2],
      ['past', 2],
    ]);
    expect(renderListText(entries, LOOK)).toMatch(/\npast .*\$0\.0052 {2}not metered\n/);
    expect(toListJson('session', entries)).toMatchObject({
      sessions: [
        { threadId: 'claude-1', invocationCount: 0, latestInvocationStartedAt: null },
        {},
        { projectIds: ['bank'] },
      ],
    });
  });
});
