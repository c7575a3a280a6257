import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { initFleet } from '../../src/fleet/postgres/init.js';
import { invocation, NOON, push, response, sumUp, TestStore } from './batches.js';
import { ENGINES, NO_POSTGRES, type PostgresServer, startPostgres } from './postgres-server.js';

describe.skipIf(NO_POSTGRES !== undefined).each(ENGINES)('push_v1 on $name', (engine) => {
  let server: PostgresServer;
  let admin: pg.Client;
  let pusher: pg.Client;

  beforeAll(async () => {
    server = await startPostgres(engine);
    const client = await server.connect('postgres');
    await client.query('CREATE ROLE pusher LOGIN');
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    const database = await server.createDatabase();
    admin = await server.connect(database);
    await initFleet(admin);
    await admin.query("SELECT codex_metered.allow_push('pusher')");
    pusher = await server.connect(database, 'pusher');
  });

  const read = async (columns: string) =>
    (await admin.query(`SELECT ${columns} FROM codex_metered.responses ORDER BY id`)).rows;
  const expectEqualSums = async () => {
    const responses = await sumUp(admin, 'responses');
    expect(await sumUp(admin, 'usage_15m')).toEqual(responses);
    expect(await sumUp(admin, 'usage_day')).toEqual(responses);
    expect(await sumUp(admin, 'usage_invocation')).toEqual(await sumUp(admin, 'responses of invocations'));
    return responses;
  };

  it('adds responses, their names and their sums', async () => {
    const id = randomUUID();
    const answer = await new TestStore().push(pusher, {
      invocations: [invocation(id)],
      responses: [response('one', { invocation: id, phase: 'builder' }), response('two', { cost_nano_usd: null })],
    });
    expect(answer).toMatchObject({ ok: true, accepted: { responses: 2, invocations: 1, gone: 0 } });
    expect(await expectEqualSums()).toMatchObject({ responses: '2', unpriced_responses: '1', cost_nano_usd: '1000' });
  });

  it('counts a batch once that is sent twice, and knows the nonce before the last one', async () => {
    const store = new TestStore();
    const batch = store.batch({ responses: [response('one')] });
    expect((await push(pusher, batch)).ok).toBe(true);
    expect((await push(pusher, batch)).ok).toBe(true);
    expect((await push(pusher, { ...batch, next_nonce: randomUUID() })).ok).toBe(true);
    expect(await expectEqualSums()).toMatchObject({ responses: '1' });
  });
});
