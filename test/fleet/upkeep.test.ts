import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { initFleet } from '../../src/fleet/postgres/init.js';
import { forgetUser, pruneFleet } from '../../src/fleet/postgres/upkeep.js';
import { invocation, response, sumUp, TestStore } from './batches.js';
import { NO_POSTGRES, type PostgresServer, startPostgres } from './postgres-server.js';

/** An id holds any letters from a to f. */
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

describe.skipIf(NO_POSTGRES !== undefined)('the upkeep of a fleet', () => {
  let server: PostgresServer;
  let admin: pg.Client;

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    admin = await server.connect(await server.createDatabase());
    await initFleet(admin);
  });

  const select = async (query: string) => (await admin.query<Record<string, unknown>>(query)).rows;

  describe('fleet forget', () => {
    it("takes a user's name out of everything, and leaves what was spent", async () => {
      const [theirs, shared, id] = [new TestStore('adas-laptop'), new TestStore('build-1'), randomUUID()];
      const ci = { pipeline: 'nightly', actor: 'ada' };
      const mine = [response('one', { invocation: id, phase: 'builder' }), response('two')];
      await theirs.push(admin, { invocations: [invocation(id, { ci })], responses: mine });
      await shared.push(admin, { responses: [response('three'), response('four', { user: 'grace' })] });
      expect(await forgetUser(admin, 'ada')).toEqual({ users: 1, invocations: 1, machines: 1 });

      const users =
        'SELECT user_name, sum(responses)::int AS responses FROM codex_metered.users_monthly GROUP BY 1 ORDER BY 1';
      const expected = [
        { user_name: 'forgotten', responses: 3 },
        { user_name: 'grace', responses: 1 },
      ];
      expect(await select(users)).toEqual(expected);
      expect(await select('SELECT users FROM codex_metered.runs')).toEqual([{ users: ['forgotten'] }]);
      expect(await select('SELECT host FROM codex_metered.machines ORDER BY 1')).toEqual([
        { host: 'build-1' },
        { host: 'forgotten' },
      ]);
      for (const table of ['users', 'stores', 'invocations', 'labels', 'responses', 'usage_day']) {
        const rows = JSON.stringify(await select(`SELECT * FROM codex_metered.${table}`)).replaceAll(UUID, '');
        expect(rows, table).not.toContain('ada');
      }
    });

    it('forgets several users, one after the other, and one who comes back', async () => {
      const store = new TestStore();
      await store.push(admin, { responses: [response('one'), response('two', { user: 'grace' })] });
      await forgetUser(admin, 'ada');
      await forgetUser(admin, 'grace');
      await store.push(admin, { responses: [response('three')] });
      await forgetUser(admin, 'ada');
      expect(await select('SELECT sum(responses)::int AS n FROM codex_metered.usage_daily GROUP BY user_name')).toEqual(
        [{ n: 3 }],
      );
    });

    it('says so when there is no such user', async () => {
      await expect(forgetUser(admin, 'nobody')).rejects.toThrow('no user "nobody"');
    });
  });

  describe('fleet prune', () => {
    const monthsAgo = (months: number) => {
      const now = new Date();
      return Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 10, 12);
    };
    const at = (months: number) => response(`of ${months} months ago`, { completed_at_ms: monthsAgo(months) });

    it('drops old months, keeps their sums, and counts nothing again that is sent once more', async () => {
      const store = new TestStore();
      const sent = { responses: [0, 1, 2, 3, 4].map(at) };
      await store.push(admin, sent);
      const sums = await sumUp(admin, 'usage_15m');
      const pruned = await pruneFleet(admin, new Date(monthsAgo(2)));
      expect(pruned).toMatchObject({ deleted: 2 });
      expect(pruned.keptFrom?.getTime()).toBeLessThanOrEqual(monthsAgo(2));
      expect(await select('SELECT count(*)::int AS n FROM codex_metered.responses')).toEqual([{ n: 3 }]);
      expect(await sumUp(admin, 'usage_15m')).toEqual(sums);

      const again = { responses: sent.responses.map((one) => ({ ...one, revision: 2, evidence: 'usage_record' })) };
      const answer = await new TestStore().push(admin, again);
      expect(answer).toMatchObject({ accepted: { responses: 3 }, ignored: { pruned: 2 } });
      expect(await sumUp(admin, 'usage_15m')).toEqual(sums);
      expect(await sumUp(admin, 'usage_day')).toEqual(sums);
    });

    it('drops the partition of a month that has passed', async () => {
      await new TestStore().push(admin, { responses: [at(0), at(1)] });
      // The clock is not ours to set, so the partitions of this month and the next ones play those of the past.
      const next = new Date(monthsAgo(-1));
      const { partitions, deleted } = await pruneFleet(admin, next);
      const name = (months: number) =>
        `responses_${new Date(monthsAgo(months)).toISOString().slice(0, 7).replace('-', '_')}`;
      expect({ partitions, deleted }).toEqual({ partitions: [name(0)], deleted: 1 });
      expect(await select('SELECT count(*)::int AS n FROM codex_metered.responses')).toEqual([{ n: 0 }]);
      expect(await sumUp(admin, 'usage_day')).toMatchObject({ responses: '2' });
    });

    it('does nothing when all of it has been pruned before', async () => {
      await pruneFleet(admin, new Date(monthsAgo(2)));
      const again = await pruneFleet(admin, new Date(monthsAgo(5)));
      expect(again).toMatchObject({ partitions: [], deleted: 0 });
      expect(again.keptFrom?.getTime()).toBeGreaterThan(monthsAgo(3));
    });
  });
});
