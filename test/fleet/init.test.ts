import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { initFleet, suggestRoles } from '../../src/fleet/postgres/init.js';
import { NOON, response, responseId, TestStore } from './batches.js';
import { NO_POSTGRES, type PostgresServer, startPostgres } from './postgres-server.js';

describe.skipIf(NO_POSTGRES !== undefined)('fleet init', () => {
  let server: PostgresServer;
  let database: string;
  let admin: pg.Client;

  beforeAll(async () => {
    server = await startPostgres();
    const client = await server.connect('postgres');
    for (const role of ['pusher', 'reader', 'pusher_two', 'reader_two', 'nobody_yet', 'owner']) {
      await client.query(`CREATE ROLE ${role} LOGIN`);
    }
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    database = await server.createDatabase();
    admin = await server.connect(database);
  });

  it('makes the schema, and changes nothing when it is said again', async () => {
    const first = await initFleet(admin);
    expect(first).toMatchObject({ before: 0, roles: [] });
    expect(first.partitions).toHaveLength(4);
    expect(await initFleet(admin)).toEqual({ ...first, before: first.version, partitions: [] });
  });

  it('is done once where several administrators do it at the same time', async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, () => server.connect(database)));
    const results = await Promise.all(clients.map((client) => initFleet(client)));
    expect(results.filter(({ before }) => before === 0)).toHaveLength(1);
    const { rows } = await admin.query('SELECT count(*)::int AS steps FROM codex_metered.schema_version');
    expect(rows).toEqual([{ steps: results[0]?.version }]);
  });

  it('suggests roles in SQL that works as it stands, and keeps their rights', async () => {
    await initFleet(admin);
    await admin.query(suggestRoles(database));
    await admin.query("UPDATE codex_metered.schema_version SET digest = 'of another release'");
    const { roles } = await initFleet(admin);
    expect(roles).toEqual([
      { role: 'usage_pusher', tenant: 'default', push: true, read: false },
      { role: 'usage_reader', tenant: 'default', push: false, read: true },
    ]);
    const pusher = await server.connect(database, 'usage_pusher');
    await new TestStore().push(pusher, { responses: [response('one')] });
    const reader = await server.connect(database, 'usage_reader');
    const { rows } = await reader.query('SELECT user_name, project, cost_usd::float FROM codex_metered.usage_daily');
    expect(rows).toEqual([{ user_name: 'ada', project: 'shop', cost_usd: 0.000001 }]);
  });

  it('gives each tenant its own rows, and readers those of theirs alone', async () => {
    await initFleet(admin);
    await admin.query(`SELECT codex_metered.allow_push('pusher', 'one'), codex_metered.allow_push('pusher_two', 'two'),
      codex_metered.allow_read('reader', 'one'), codex_metered.allow_read('reader_two', 'two')`);
    const store = new TestStore();
    // The same store, and a copy of the same response, for two targets in one database.
    for (const [role, user] of [
      ['pusher', 'ada'],
      ['pusher_two', 'grace'],
    ] as const) {
      const pusher = await server.connect(database, role);
      store.nonce = null;
      await store.push(pusher, { responses: [response('one', { user })] });
    }
    for (const [role, user] of [
      ['reader', 'ada'],
      ['reader_two', 'grace'],
    ] as const) {
      const reader = await server.connect(database, role);
      const names = async (query: string) => (await reader.query<{ name: string }>(query)).rows.map(({ name }) => name);
      expect(await names('SELECT user_name AS name FROM codex_metered.usage_daily')).toEqual([user]);
      expect(await names('SELECT name FROM codex_metered.users')).toEqual([user]);
      expect(await names('SELECT id::text AS name FROM codex_metered.responses')).toEqual([responseId('one')]);
      expect(await names('SELECT host AS name FROM codex_metered.machines')).toEqual(['laptop']);
    }
  });

  it('lets readers read the views and the tables, but no nonce, and change nothing', async () => {
    await initFleet(admin);
    await admin.query("SELECT codex_metered.allow_read('reader')");
    const reader = await server.connect(database, 'reader');
    const { rows } = await admin.query<{ name: string }>(
      "SELECT viewname AS name FROM pg_views WHERE schemaname = 'codex_metered' ORDER BY 1",
    );
    expect(rows.length).toBeGreaterThan(5);
    for (const { name } of rows) await reader.query(`SELECT * FROM codex_metered.${name}`);
    for (const statement of [
      'SELECT nonce FROM codex_metered.stores',
      'SELECT * FROM codex_metered.tenant_roles',
      'DELETE FROM codex_metered.usage_day',
      `SELECT codex_metered.push_v1('{}')`,
    ]) {
      await expect(reader.query(statement), statement).rejects.toMatchObject({ code: '42501' });
    }
  });

  it('makes the partitions of the months to come, and moves what has waited for them', async () => {
    await initFleet(admin);
    await admin.query("SELECT codex_metered.allow_push('pusher')");
    const pusher = await server.connect(database, 'pusher');
    const now = new Date();
    const nextYear = Date.UTC(now.getUTCFullYear() + 1, now.getUTCMonth(), 2);
    const past = response('past', { completed_at_ms: NOON - 400 * 86_400_000 });
    await new TestStore().push(pusher, {
      responses: [
        response('now', { completed_at_ms: Date.now() }),
        response('soon', { completed_at_ms: nextYear }),
        past,
      ],
    });
    const sums = 'SELECT count(*)::int AS days, sum(responses)::int AS responses FROM codex_metered.usage_day';
    const before = await admin.query(sums);
    const { rows: made } = await admin.query('SELECT codex_metered.make_partitions(14) AS name');
    expect(made).toHaveLength(11);
    const { rows } = await admin.query<{ name: string }>(
      'SELECT tableoid::regclass::text AS name FROM codex_metered.responses ORDER BY id',
    );
    const month = (ms: number) => `codex_metered.responses_${new Date(ms).toISOString().slice(0, 7).replace('-', '_')}`;
    expect(rows.map(({ name }) => name)).toEqual([
      'codex_metered.responses_default',
      month(Date.now()),
      month(nextYear),
    ]);
    expect((await admin.query(sums)).rows).toEqual(before.rows);
  });

  it('gives the tables the columns of a counter that is new', async () => {
    await initFleet(admin);
    await admin.query(`
      ALTER TABLE codex_metered.usage_day DROP COLUMN reasoning_tokens CASCADE;
      UPDATE codex_metered.schema_version SET digest = 'of an earlier release'`);
    await initFleet(admin);
    await admin.query('SELECT reasoning_tokens FROM codex_metered.usage_day');
  });

  it('says plainly what is missing', async () => {
    const owner = await server.connect(database, 'owner');
    await expect(initFleet(owner)).rejects.toThrow(`GRANT CREATE ON DATABASE "${database}" TO "owner"`);
    await admin.query(`GRANT CREATE ON DATABASE ${database} TO owner`);
    await initFleet(owner);
    const stranger = await server.connect(database, 'nobody_yet');
    await expect(initFleet(stranger)).rejects.toThrow('belongs to "owner"');
    await owner.query('INSERT INTO codex_metered.schema_version (version) VALUES (99)');
    await expect(initFleet(owner)).rejects.toThrow('Update codex-metered');
    await owner.query('SET default_transaction_read_only = on');
    await expect(initFleet(owner)).rejects.toThrow('read-only');
  });

  it('leaves a schema of that name alone which is not its own', async () => {
    await admin.query('CREATE SCHEMA codex_metered; CREATE TABLE codex_metered.notes (id int)');
    await expect(initFleet(admin)).rejects.toThrow('did not make');
  });

  it("is done by an owner who is no superuser, and push_v1 runs with that owner's rights", async () => {
    await admin.query(`GRANT CREATE ON DATABASE ${database} TO owner`);
    const owner = await server.connect(database, 'owner');
    await initFleet(owner);
    await owner.query("SELECT codex_metered.allow_push('pusher'), codex_metered.allow_read('reader')");
    const pusher = await server.connect(database, 'pusher');
    expect((await new TestStore().push(pusher, { responses: [response('one')] })).ok).toBe(true);
    const reader = await server.connect(database, 'reader');
    expect((await reader.query('SELECT * FROM codex_metered.usage_daily')).rows).toHaveLength(1);
  });
});
