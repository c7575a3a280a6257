import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { initFleet } from '../../src/fleet/postgres/init.js';
import { invocation, NOON, push, response, type Sent, type SentResponse, sumUp, TestStore } from './batches.js';
import { NO_POSTGRES, PGBOUNCER, type PostgresServer, startPgbouncer, startPostgres } from './postgres-server.js';

const COUNTED = ['cost_nano_usd', 'input_tokens', 'output_tokens'] as const;

/** What the fleet must come to: the newest that was sent of each response. */
class Ledger {
  readonly #responses = new Map<string, SentResponse>();

  take(batch: Sent): void {
    for (const one of batch.responses ?? []) this.#responses.set(one.id, one);
  }

  sums(): Record<string, string> {
    const all = [...this.#responses.values()];
    const sum = (column: string) => String(all.reduce((total, one) => total + Number(one[column] ?? 0), 0));
    return { responses: String(all.length), ...Object.fromEntries(COUNTED.map((column) => [column, sum(column)])) };
  }

  /** By month, user, project and phase, as one query must answer it. */
  groups(): Record<string, number> {
    const groups: Record<string, number> = {};
    for (const one of this.#responses.values()) {
      const month = new Date(Number(one['completed_at_ms'])).toISOString().slice(0, 7);
      const key = [month, one['user'], one['project'], one['phase']].join(' ');
      groups[key] = (groups[key] ?? 0) + Number(one['cost_nano_usd'] ?? 0);
    }
    return groups;
  }
}

if (PGBOUNCER === undefined) console.warn('Not tried: 100 machines through pgbouncer (`apt-get install pgbouncer`).');

describe.skipIf(NO_POSTGRES !== undefined)('a fleet whose server or network fails', () => {
  let server: PostgresServer;
  let database: string;
  let admin: pg.Client;

  beforeAll(async () => {
    server = await startPostgres();
    await (await server.connect('postgres')).query('CREATE ROLE pusher LOGIN');
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    database = await server.createDatabase();
    admin = await server.connect(database);
    await initFleet(admin);
    await admin.query("SELECT codex_metered.allow_push('pusher')");
  });

  const expectLedger = async (ledger: Ledger) => {
    const responses = await sumUp(admin, 'responses');
    expect(responses).toMatchObject(ledger.sums());
    expect(await sumUp(admin, 'usage_15m')).toEqual(responses);
    expect(await sumUp(admin, 'usage_day')).toEqual(responses);
    expect(await sumUp(admin, 'usage_invocation')).toEqual(await sumUp(admin, 'responses of invocations'));
    const { rows } = await admin.query<{ key: string; cost: number }>(`
      SELECT concat_ws(' ', to_char(day, 'YYYY-MM'), user_name, project, phase) AS key, sum(cost_nano_usd)::int AS cost
      FROM codex_metered.usage_daily GROUP BY 1`);
    expect(Object.fromEntries(rows.map(({ key, cost }) => [key, cost]))).toEqual(ledger.groups());
  };
  const deadlocks = async () => {
    await admin.query('SELECT pg_stat_force_next_flush()').catch(() => {});
    const { rows } = await admin.query<{ n: number }>(
      'SELECT deadlocks::int AS n FROM pg_stat_database WHERE datname = current_database()',
    );
    return rows[0]?.n;
  };

  it.skipIf(PGBOUNCER === undefined)(
    'counts what 100 machines send at once through pgbouncer, each batch twice and partly corrected',
    async () => {
      const pooler = await startPgbouncer(server, { database, role: 'pusher', poolSize: 8 });
      const ledger = new Ledger();
      const failures: unknown[] = [];
      try {
        await Promise.all(
          Array.from({ length: 100 }, async (_, machine) => {
            const client = new pg.Client({ host: '127.0.0.1', port: pooler.port, user: 'pusher', database });
            await client.connect();
            const store = new TestStore(`machine-${machine}`);
            for (const sent of batchesOf(machine)) {
              ledger.take(sent);
              const batch = store.batch(sent);
              for (const time of ['once', 'twice']) {
                const answer = await push(client, batch).catch((error: unknown) => error);
                if (!(answer as { ok?: boolean }).ok) failures.push({ machine, time, answer });
              }
              store.nonce = batch.next_nonce;
            }
            await client.end();
          }),
        );
      } finally {
        await pooler.stop();
      }
      expect(failures).toEqual([]);
      await expectLedger(ledger);
      expect(await deadlocks()).toBe(0);
    },
    180_000,
  );

  it('counts once what many machines hold copies of and send at once, in any order', async () => {
    const copies = Array.from({ length: 1000 }, (_, n) =>
      response(`copy ${n}`, { phase: '', completed_at_ms: NOON + n * 60_000 }),
    );
    const ledger = new Ledger();
    ledger.take({ responses: copies });
    const clients = await Promise.all(Array.from({ length: 20 }, () => server.connect(database, 'pusher')));
    await Promise.all(
      clients.map((client, machine) => {
        const shuffled = copies.toSorted((one, other) => hash(one.id, machine) - hash(other.id, machine));
        return new TestStore().push(client, { responses: shuffled });
      }),
    );
    expect(await sumUp(admin, 'responses')).toMatchObject(ledger.sums());
    expect(await sumUp(admin, 'usage_15m')).toEqual(await sumUp(admin, 'responses'));
    expect(await deadlocks()).toBe(0);
  });

  it.each(['fast', 'immediate'] as const)(
    'keeps what it has confirmed over a %s restart in the middle of pushes',
    async (mode) => {
      const ledger = new Ledger();
      const store = new TestStore();
      let restart: Promise<void> | undefined;
      let failures = 0;
      for (const [place, sent] of batchesOf(7).concat(batchesOf(7, 2)).entries()) {
        if (place === 2) restart = server.restart(mode);
        ledger.take(sent);
        // The same batch until it is answered, as a machine does that cannot know whether it has arrived.
        const batch = store.batch(sent);
        failures += await untilAnswered(batch);
        store.nonce = batch.next_nonce;
      }
      await restart;
      expect(failures).toBeGreaterThan(0);
      admin = await server.connect(database);
      await expectLedger(ledger);
    },
  );

  /** Returns how many attempts failed before. */
  const untilAnswered = async (batch: object): Promise<number> => {
    for (let failures = 0; ; failures++) {
      try {
        const client = await server.connect(database, 'pusher');
        const answer = await push(client, batch).finally(() => client.end().catch(() => {}));
        if (answer.ok) return failures;
      } catch (error) {
        if (!/terminat|shutting down|starting up|ECONN|recovery|Connection/i.test(String(error))) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  };

  it('refuses everything while it is read-only, and takes it afterwards', async () => {
    const store = new TestStore();
    const sent = { responses: [response('one', { phase: '' })] };
    await admin.query(`ALTER DATABASE ${database} SET default_transaction_read_only = on`);
    const before = await server.connect(database, 'pusher');
    await expect(store.push(before, sent)).rejects.toMatchObject({ code: '25006' });
    await admin.query(`ALTER DATABASE ${database} RESET default_transaction_read_only`);
    const after = await server.connect(database, 'pusher');
    expect((await store.push(after, sent)).ok).toBe(true);
    expect(await sumUp(admin, 'usage_day')).toMatchObject({ responses: '1' });
  });
});

/**
 * Batches of one machine over two months: new responses, then corrections among new ones. Machines share users and projects, so
 * that their sums meet, and every other machine goes from the last day to the first, so that they meet in both directions.
 */
function batchesOf(machine: number, round = 1): Sent[] {
  const id = randomUUID();
  const [user, project] = [`user-${machine % 3}`, 'shop'];
  const phase = machine % 3 === 0 ? 'builder' : 'reviewer';
  const dayOf = (n: number) => (machine % 2 === 0 ? n : 40 - n);
  const one = (n: number, revision: number) =>
    response(`${round} ${machine} ${n}`, {
      ...{ invocation: id, user, project, phase, revision, completed_at_ms: NOON + dayOf(n) * 86_400_000 },
      ...{ cost_nano_usd: 1000 * revision + n, output_tokens: 10 * revision + machine },
    });
  const range = (from: number, to: number, revision: number) => {
    return Array.from({ length: to - from }, (_, n) => one(from + n, revision));
  };
  return [
    { invocations: [invocation(id, { user, project, phase })], responses: range(0, 20, 1) },
    { responses: [...range(10, 20, 2), ...range(20, 30, 2)] },
    { responses: [...range(25, 35, 3), ...range(0, 5, 3)] },
  ];
}

function hash(id: string, seed: number): number {
  return [...id].reduce((value, letter) => (value * 31 + letter.charCodeAt(0) + seed * 7919) % 1_000_003, seed);
}
