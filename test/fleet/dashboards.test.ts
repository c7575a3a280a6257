import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initFleet } from '../../src/fleet/postgres/init.js';
import { invocation, response, TestStore } from './batches.js';
import { DASHBOARD, fillIn, PANELS, sqlOfPanel, VARIABLES } from './dashboard.js';
import { NO_POSTGRES, type PostgresServer, startPostgres } from './postgres-server.js';

/** Today, as the rows below are: the dashboard shows the last 30 days. */
const NOW = Date.now();

describe.skipIf(NO_POSTGRES !== undefined)('the dashboard for PostgreSQL', () => {
  let server: PostgresServer;
  let reader: pg.Client;

  beforeAll(async () => {
    server = await startPostgres();
    const database = await server.createDatabase();
    const admin = await server.connect(database);
    await initFleet(admin);
    await admin.query('CREATE ROLE reader LOGIN');
    await admin.query("SELECT codex_metered.allow_read('reader')");
    await fill(admin);
    reader = await server.connect(database, 'reader');
  });
  afterAll(() => server?.stop());

  const chosen = { users: ['ada', 'grace'], projects: ['shop'] };
  const ask = async (sql: string) => (await reader.query<Record<string, unknown>>(sql)).rows;

  it.each([...VARIABLES, ...PANELS])(
    'has a query that readers may ask and that finds something: $title',
    async (query) => {
      const rows = await ask(fillIn(query.sql, chosen));
      expect(rows.length).toBeGreaterThan(0);
    },
  );

  it.each<[string, Record<string, unknown>[]]>([
    ['Spend', [{ cost: 3.5 }]],
    ['Responses', [{ responses: 4 }]],
    ['Without a price', [{ unpriced: 1 }]],
    [
      'Spend by team',
      [
        { team: 'core', cost: 3 },
        { team: 'no team', cost: 0.5 },
      ],
    ],
    [
      'Spend by user',
      [
        { user: 'ada', cost: 3 },
        { user: 'grace', cost: 0.5 },
      ],
    ],
    ['Spend by project', [{ project: 'shop', cost: 3.5 }]],
    [
      'Spend by model',
      [
        { model: 'gpt-5.3-codex', cost: 3.5 },
        { model: 'new-model', cost: null },
      ],
    ],
    ['Counts that the API reported itself', [{ actual: 75 }]],
    ['Lost invocations', [{ lost: 1 }]],
    ['Quiet machines', [{ quiet: 1 }]],
    ['Clocks that are wrong', [{ wrong: 1 }]],
  ])('shows what the rows say: %s', async (title, rows) => {
    expect(await ask(sqlOfPanel(title, chosen))).toEqual(rows);
  });

  it('names every panel once, so that a test can find it', () => {
    const titles = DASHBOARD.panels.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
    expect(new Set(DASHBOARD.panels.map(({ id }) => id)).size).toBe(titles.length);
  });
});

async function fill(admin: pg.Client): Promise<void> {
  const [done, lost] = [randomUUID(), randomUUID()];
  const usd = (amount: number) => ({ cost_nano_usd: amount * 1e9, completed_at_ms: NOW });
  const times = { started_at_ms: NOW - 7_200_000 };
  const labels = { team: 'core' };
  await new TestStore('laptop').push(admin, {
    invocations: [invocation(done, { labels, ...times })],
    responses: [
      response('one', { invocation: done, phase: 'builder', ...usd(1) }),
      response('two', { invocation: done, phase: 'builder', ...usd(2), source: 'parsed' }),
    ],
  });
  const runner = new TestStore('runner');
  await runner.push(admin, {
    sent_at_ms: NOW + 2 * 86_400_000,
    invocations: [invocation(lost, { status: 'running', ended_at_ms: null, user: 'grace', run: 'r2', ...times })],
    responses: [
      response('three', { invocation: lost, user: 'grace', phase: 'builder', ...usd(0.5) }),
      response('four', { user: 'grace', model: 'new-model', ...usd(0), cost_nano_usd: null }),
    ],
  });
  await admin.query(`UPDATE codex_metered.stores SET last_seen = now() - interval '2 hours' WHERE uid = $1`, [
    runner.uid,
  ]);
}
