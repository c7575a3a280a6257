import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { initFleet } from '../../src/fleet/postgres/init.js';
import { invocation, NOON, push, response, responseId, sumUp, TestStore } from './batches.js';
import { ENGINES, NO_POSTGRES, type PostgresServer, startPostgres } from './postgres-server.js';

describe.skipIf(NO_POSTGRES !== undefined).each(ENGINES)('push_v1 on $name', (engine) => {
  let server: PostgresServer;
  let template: string;
  let database: string;
  let admin: pg.Client;
  let pusher: pg.Client;

  beforeAll(async () => {
    server = await startPostgres(engine);
    const client = await server.connect('postgres');
    await client.query('CREATE ROLE pusher LOGIN');
    await client.query('CREATE ROLE other LOGIN');
    template = await server.createDatabase();
    const made = await server.connect(template);
    await initFleet(made);
    await made.query("SELECT codex_metered.allow_push('pusher')");
    await made.end();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    database = await server.createDatabase(template);
    admin = await server.connect(database);
    pusher = await server.connect(database, 'pusher');
  });

  const read = async (columns: string) => {
    const { rows } = await admin.query<Record<string, unknown>>(
      `SELECT ${columns} FROM codex_metered.responses r JOIN codex_metered.users u ON u.id = usr ORDER BY r.id`,
    );
    return rows;
  };
  const expectEqualSums = async () => {
    const responses = await sumUp(admin, 'responses');
    expect(await sumUp(admin, 'usage_15m')).toEqual(responses);
    expect(await sumUp(admin, 'usage_day')).toEqual(responses);
    expect(await sumUp(admin, 'usage_invocation')).toEqual(await sumUp(admin, 'responses of invocations'));
    return responses;
  };
  const refused = async (given: Record<string, unknown>) => {
    const failure = await new TestStore()
      .push(pusher, { responses: [response('good'), response('bad', given)] })
      .catch((error: pg.DatabaseError) => error);
    expect(await sumUp(admin, 'responses')).toMatchObject({ responses: '0' });
    return failure;
  };

  it('adds responses, their names and their sums', async () => {
    const id = randomUUID();
    const answer = await new TestStore().push(pusher, {
      invocations: [invocation(id)],
      responses: [
        response('one', { invocation: id, phase: 'builder' }),
        response('no price', { cost_nano_usd: null }),
        response('a part of the price', { cost_extent: 'partial' }),
      ],
    });
    expect(answer).toMatchObject({ ok: true, accepted: { responses: 3, invocations: 1, gone: 0 } });
    expect(Math.abs(Number(answer.server_time_ms) - Date.now())).toBeLessThan(60_000);
    expect(await expectEqualSums()).toMatchObject({ responses: '3', unpriced_responses: '2', cost_nano_usd: '2000' });
  });

  it('takes what is left out or empty for unknown, and ignores keys that it does not know', async () => {
    const { reasoning_tokens: _, ...without } = response('one', { user: '', project: null, model: null, new: 1 });
    await new TestStore().push(pusher, { responses: [without as typeof without & { id: string; revision: number }] });
    expect(await read('u.name, reasoning_tokens')).toEqual([{ name: 'unknown', reasoning_tokens: '0' }]);
  });

  it('counts a batch once that is sent twice, and knows the nonce before the last one', async () => {
    const store = new TestStore();
    const batch = store.batch({ responses: [response('one')] });
    expect((await push(pusher, batch)).ok).toBe(true);
    expect((await push(pusher, batch)).ok).toBe(true);
    expect((await push(pusher, { ...batch, next_nonce: randomUUID() })).ok).toBe(true);
    expect(await expectEqualSums()).toMatchObject({ responses: '1' });
  });

  it('refuses a copied or restored database, and counts once what its new store sends again', async () => {
    const store = new TestStore();
    await store.push(pusher, { responses: [response('one')] });
    const copy = Object.assign(new TestStore(), { uid: store.uid, nonce: store.nonce });
    await store.push(pusher, { responses: [response('two')] });
    await store.push(pusher, {});
    const unknown = { ok: false, error: 'unknown_nonce' };
    expect(await copy.push(pusher, { responses: [response('three')] })).toEqual(unknown);
    expect(await push(pusher, { ...copy.batch({}), nonce: null })).toEqual(unknown);
    expect(await push(pusher, { ...copy.batch({}), store: randomUUID() })).toEqual(unknown);
    expect((await new TestStore().push(pusher, { responses: [response('one'), response('three')] })).ok).toBe(true);
    expect(await expectEqualSums()).toMatchObject({ responses: '3' });
  });

  it('finds out a copy also where it pushes first', async () => {
    const store = new TestStore();
    await store.push(pusher, {});
    const copy = Object.assign(new TestStore(), { uid: store.uid, nonce: store.nonce });
    expect((await copy.push(pusher, {})).ok).toBe(true);
    expect((await store.push(pusher, {})).ok).toBe(true);
    expect(await copy.push(pusher, {})).toMatchObject({ error: 'unknown_nonce' });
  });

  it.each<[string, Record<string, unknown>, Record<string, unknown>, boolean]>([
    ['better evidence of the same store', { evidence: 'otel' }, { evidence: 'usage_record', revision: 1 }, true],
    ['worse evidence', {}, { evidence: 'otel', revision: 9 }, false],
    ['equal evidence that is newer', {}, { revision: 2 }, true],
    ['equal evidence that is not newer', { revision: 2 }, { revision: 2 }, false],
  ])('of two that a store sends of a response: %s', async (_, first, second, wins) => {
    const store = new TestStore();
    await store.push(pusher, { responses: [response('one', { output_tokens: 1, ...first })] });
    await store.push(pusher, { responses: [response('one', { output_tokens: 2, cost_nano_usd: null, ...second })] });
    expect(await read('output_tokens')).toEqual([{ output_tokens: wins ? '2' : '1' }]);
    await expectEqualSums();
  });

  it.each<[string, string, boolean]>([
    ['better evidence', 'usage_record', true],
    ['equal evidence, however new', 'token_count', false],
  ])('takes %s from another store: %#', async (_, evidence, wins) => {
    await new TestStore().push(pusher, { responses: [response('one', { evidence: 'token_count', output_tokens: 1 })] });
    const other = response('one', { evidence, output_tokens: 2, revision: 99 });
    await new TestStore().push(pusher, { responses: [other] });
    expect(await read('output_tokens')).toEqual([{ output_tokens: wins ? '2' : '1' }]);
    await expectEqualSums();
  });

  it('gives a response without an invocation to the first one that brings it, with its user, and to no later one', async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    await new TestStore().push(pusher, { responses: [response('one', { evidence: 'token_count' })] });
    const from = (id: string, user: string, evidence: string) => ({
      invocations: [invocation(id, { user })],
      responses: [response('one', { invocation: id, user, phase: 'builder', evidence })],
    });
    const owner = new TestStore();
    await owner.push(pusher, from(first, 'grace', 'token_count'));
    await new TestStore().push(pusher, from(second, 'linus', 'usage_record'));
    expect(await read('invocation, u.name, phase, evidence')).toEqual([
      { invocation: first, name: 'grace', phase: 'builder', evidence: 'usage_record' },
    ]);
    await expectEqualSums();
  });

  it('moves a response to the invocation that its store assigns it to', async () => {
    const [store, id] = [new TestStore(), randomUUID()];
    await store.push(pusher, { responses: [response('one', { invocation: randomUUID(), phase: 'chat' })] });
    await store.push(pusher, { responses: [response('one', { invocation: id, phase: 'reviewer', revision: 2 })] });
    await store.push(pusher, { responses: [response('one', { invocation: null, revision: 3 })] });
    expect(await read('invocation, phase, revision')).toEqual([{ invocation: id, phase: 'reviewer', revision: '3' }]);
    await expectEqualSums();
  });

  it('never changes when a response was completed', async () => {
    const store = new TestStore();
    await store.push(pusher, { responses: [response('one')] });
    const later = { ...response('one', { revision: 2 }), completed_at_ms: NOON + 3_600_000 };
    await store.push(pusher, { responses: [later] });
    expect(await read('completed_at, r.revision')).toEqual([{ completed_at: new Date(NOON), revision: '2' }]);
    await expectEqualSums();
  });

  it('deletes a stand-in that is gone, and nothing that is better, newer or of another store', async () => {
    const store = new TestStore();
    const standIn = (name: string, given = {}) => response(name, { evidence: 'otel', revision: 5, ...given });
    await new TestStore('another').push(pusher, { responses: [standIn('of another')] });
    const others = [standIn('better', { evidence: 'usage_record' }), standIn('newer', { revision: 7 })];
    await store.push(pusher, { responses: [standIn('gone'), ...others] });
    const gone = ['gone', 'of another', 'better', 'newer', 'never seen'].map((name) => {
      return { id: responseId(name), evidence: 'otel', revision: 6 };
    });
    expect(await store.push(pusher, { gone })).toMatchObject({ accepted: { gone: 5 } });
    const left = (await read('r.id')).map(({ id }) => id);
    expect(left.sort()).toEqual(['of another', 'better', 'newer'].map((name) => responseId(name)).sort());
    await expectEqualSums();
  });

  it('keeps an invocation as its store has it, and lets another store say how a running one ended', async () => {
    const [store, id] = [new TestStore(), randomUUID()];
    const running = invocation(id, { status: 'running', ended_at_ms: null, exit_code: null });
    await store.push(pusher, { invocations: [running] });
    await new TestStore().push(pusher, { invocations: [{ ...running, run: 'other', revision: 9 }] });
    await new TestStore().push(pusher, { invocations: [invocation(id)] });
    await new TestStore().push(pusher, { invocations: [invocation(id, { status: 'failed', revision: 9 })] });
    const { rows } = await admin.query('SELECT run, status, exit_code FROM codex_metered.invocations');
    expect(rows).toEqual([{ run: 'r1', status: 'completed', exit_code: 0 }]);
  });

  it('gives a response the labels of its invocation, or else those of the machine', async () => {
    const id = randomUUID();
    await new TestStore().push(pusher, {
      labels: { team: 'core' },
      invocations: [invocation(id, { labels: { team: 'web' } })],
      responses: [response('one', { invocation: id, phase: 'builder' }), response('two')],
    });
    const { rows } = await admin.query('SELECT team, responses FROM codex_metered.usage_daily ORDER BY team');
    expect(rows).toEqual([
      { team: 'core', responses: '1' },
      { team: 'web', responses: '1' },
    ]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['a count below 0', { output_tokens: -1 }, '23514'],
    ['a count beyond all reason', { input_tokens: 2_000_000_000_000 }, '23514'],
    ['a cost beyond all reason', { cost_nano_usd: 20_000_000_000_000 }, '23514'],
    ['no time', { completed_at_ms: null, id: responseId('bad') }, '23502'],
    ['evidence that it does not know', { evidence: 'hearsay' }, '22023'],
    ['a source that it does not know', { source: 'guessed' }, '22023'],
    ['no id', { id: null }, '22023'],
    ['an id that is none', { id: 'r1' }, '22P02'],
    ['a name that is too long', { project: 'x'.repeat(601) }, '23514'],
  ])('refuses a batch that has a response with %s, and writes nothing of it', async (_, given, code) => {
    expect(await refused(given)).toMatchObject({ code });
  });

  it('says which response is refused, and what may help', async () => {
    expect(await refused({ evidence: 'hearsay' })).toMatchObject({
      message: expect.stringContaining(responseId('bad')),
      hint: expect.stringContaining('fleet init'),
    });
  });

  it('refuses a version of the protocol that it does not know', async () => {
    const batch = { ...new TestStore().batch({ responses: [response('one')] }), v: 2 };
    expect(await push(pusher, batch)).toEqual({ ok: false, error: 'unsupported_version', supported: [1] });
  });

  it('notes by how much the clock of a machine is wrong, and shifts nothing', async () => {
    const twoDays = 2 * 86_400_000;
    await new TestStore().push(pusher, { sent_at_ms: Date.now() + twoDays, responses: [response('one')] });
    const { rows } = await admin.query('SELECT clock_skew_ms, quiet FROM codex_metered.machines');
    expect(Number(rows[0]?.clock_skew_ms) / twoDays).toBeCloseTo(1, 2);
    expect(rows[0]?.quiet).toBe(false);
    expect(await read('completed_at')).toEqual([{ completed_at: new Date(NOON) }]);
  });

  it('lets the role that pushes do nothing else', async () => {
    await new TestStore().push(pusher, { responses: [response('one')] });
    for (const statement of [
      'SELECT * FROM codex_metered.responses',
      'SELECT * FROM codex_metered.usage_daily',
      'SELECT * FROM codex_metered.stores',
      'DELETE FROM codex_metered.usage_day',
      "SELECT codex_metered.add_to_sums('[]')",
      'SELECT codex_metered.current_tenant()',
      "SELECT codex_metered.allow_read('pusher')",
      'SELECT codex_metered.prune(now())',
      'CREATE TABLE codex_metered.mine ()',
    ]) {
      await expect(pusher.query(statement), statement).rejects.toMatchObject({ code: '42501' });
    }
    const other = await server.connect(database, 'other');
    await expect(new TestStore().push(other, {})).rejects.toMatchObject({ code: '42501' });
  });

  it('adds nothing to the sums that a pusher has put into settings of its session', async () => {
    const change = [{ tenant: 1, start: '2026-11-14', usr: 1, project: 1, model: 1, labels: 1, responses: 1000 }];
    await pusher.query("SELECT set_config('codex_metered.changes', $1, false)", [JSON.stringify(change)]);
    await new TestStore().push(pusher, { responses: [response('one')] });
    expect(await expectEqualSums()).toMatchObject({ responses: '1' });
  });

  it('keeps the sums right when an administrator changes responses by SQL', async () => {
    await new TestStore().push(pusher, { responses: [response('one'), response('two'), response('three')] });
    await admin.query(
      "UPDATE codex_metered.responses SET cost_nano_usd = 7, completed_at = completed_at - interval '3 days'",
    );
    await admin.query('DELETE FROM codex_metered.responses WHERE id = $1', [responseId('two')]);
    expect(await expectEqualSums()).toMatchObject({ responses: '2', cost_nano_usd: '14' });
  });
});
