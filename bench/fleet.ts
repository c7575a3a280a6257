import { readFileSync } from 'node:fs';
import type pg from 'pg';
import { initFleet } from '../src/fleet/postgres/init.js';
import { invocation, push, response, responseId, type Sent, TestStore } from '../test/fleet/batches.js';
import { NO_POSTGRES, type PostgresServer, startPostgres } from '../test/fleet/postgres-server.js';
import type { Column, Figure, Section } from './figures.js';

import type { Workspace } from './workspace.js';

export interface FleetShape {
  readonly responses: number;
}

export const USUAL_FLEET: FleetShape = { responses: 1_000_000 };
const STORES = 1000;
/** As many entries as a push sends at once. */
const MOST_ROWS = 2000;
const ROWS_OF_AN_INVOCATION = 50;
const DAYS = 30;
const DAY_MS = 86_400_000;
/** What is loaded once more without the triggers, to tell their share. */
const SAMPLE = 100_000;
/** The kernel counts CPU time in hundredths of a second. */
const TICK_US = 10_000;

const MODELS = ['gpt-5.3-codex', 'gpt-5.3-codex-mini', 'claude-opus-5', 'gemini-4-pro'];
const PHASES = ['builder', 'reviewer', 'chat'];

/** The server of a fleet: responses of a thousand stores in one month, as `codex-usage push` sends them. */
export async function benchFleet(_: Workspace, rounds = 5, { responses }: FleetShape = USUAL_FLEET): Promise<Section> {
  if (NO_POSTGRES !== undefined) throw new Error(`the section fleet ${NO_POSTGRES}`);
  const server = await startPostgres(undefined, {
    fsync: true,
    settings: { shared_buffers: '512MB', max_wal_size: '4GB' },
  });
  try {
    const client = await openFleet(server);
    const stores = makeStores();
    const first = await load(client, batchesOf(responses, stores, 1));
    const sizes = await readSizes(client, responses);
    const sample = Math.min(responses, SAMPLE);
    const again = await load(client, batchesOf(sample, stores, 1));
    const newer = await load(client, batchesOf(sample, stores, 2));
    const queries = await timeQueries(client, rounds);
    await client.end();
    const [withTriggers, without] = await Promise.all([openFleet(server), openFleet(server)]);
    await without.query('ALTER TABLE codex_metered.responses DISABLE TRIGGER USER');
    // One after the other, on tables that are empty alike.
    const plain = await load(without, batchesOf(sample, makeStores(), 1));
    const full = await load(withTriggers, batchesOf(sample, makeStores(), 1));
    const us = (name: string, value: number): Figure => ({ name, value, unit: 'µs' });
    return {
      name: 'fleet',
      about: `${responses.toLocaleString('en')} responses of ${STORES} stores in ${server.engine.name}, on one connection`,
      rounds,
      columns: queries,
      ratios: [],
      figures: [
        { name: 'rows of a first load', value: responses / first.seconds, unit: 'rows/s' },
        us('CPU of the server per row, first load', first.serverUs),
        us('CPU of the server per row, sent again', again.serverUs),
        us('CPU of the server per row, all newer', newer.serverUs),
        us('of which triggers and sums, first load', full.serverUs - plain.serverUs),
        us('CPU of the client per row', first.clientUs),
        ...sizes,
      ],
    };
  } finally {
    await server.stop();
  }
}

async function openFleet(server: PostgresServer): Promise<pg.Client> {
  const client = await server.connect(await server.createDatabase());
  await initFleet(client);
  return client;
}

interface Loaded {
  readonly seconds: number;
  /** Of the connection's process, per row. */
  readonly serverUs: number;
  /** Of this process, per row: making JSON and passing it on, not making up the rows. */
  readonly clientUs: number;
}

async function load(client: pg.Client, batches: Iterable<{ store: TestStore; sent: Sent }>): Promise<Loaded> {
  const { rows: backend } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const pid = backend[0]?.pid ?? 0;
  const ticksBefore = readTicks(pid);
  let [rows, clientUs, ms] = [0, 0, 0];
  for (const { store, sent } of batches) {
    const [begun, used] = [performance.now(), process.cpuUsage()];
    const batch = store.batch(sent);
    const answer = await push(client, batch);
    if (!answer.ok) throw new Error(`push_v1 answered ${answer.error}`);
    const { user, system } = process.cpuUsage(used);
    store.nonce = batch.next_nonce;
    clientUs += user + system;
    ms += performance.now() - begun;
    rows += sent.responses?.length ?? 0;
  }
  return { seconds: ms / 1000, serverUs: ((readTicks(pid) - ticksBefore) * TICK_US) / rows, clientUs: clientUs / rows };
}

/** CPU time of a process, in hundredths of a second; not a number where the system has no /proc. */
function readTicks(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return Number.NaN;
  }
}

function makeStores(): TestStore[] {
  return Array.from({ length: STORES }, (_, place) => new TestStore(`machine-${place}`));
}

/** Every store sends its responses in the order of time, in batches, and the stores take turns. */
function* batchesOf(
  responses: number,
  stores: readonly TestStore[],
  revision: number,
): Generator<{ store: TestStore; sent: Sent }> {
  const perStore = Math.ceil(responses / STORES);
  let left = responses;
  for (let from = 0; from < perStore; from += MOST_ROWS) {
    for (const [place, store] of stores.entries()) {
      const count = Math.min(MOST_ROWS, perStore - from, left);
      if (count <= 0) return;
      left -= count;
      yield { store, sent: batchOf({ place, from, count, perStore, revision }) };
    }
  }
}

interface Part {
  readonly place: number;
  readonly from: number;
  readonly count: number;
  readonly perStore: number;
  readonly revision: number;
}

function batchOf({ place, from, count, perStore, revision }: Part): Sent {
  const about = { user: `user-${place % 200}`, project: `project-${place % 20}` };
  const monthStart = Date.UTC(2026, 10, 1);
  const invocations = new Map<string, ReturnType<typeof invocation>>();
  const responses = Array.from({ length: count }, (_, index) => {
    const n = from + index;
    const group = Math.floor(n / ROWS_OF_AN_INVOCATION);
    const id = responseId(`invocation ${place} ${group}`, monthStart);
    // Invocations are spread over the month, and a response of one comes every half minute.
    const begun = monthStart + Math.floor(((group * ROWS_OF_AN_INVOCATION) / perStore) * DAYS * DAY_MS);
    const phase = PHASES[group % PHASES.length] ?? 'chat';
    if (!invocations.has(id)) invocations.set(id, invocation(id, { ...about, phase, run: `run-${group}`, revision }));
    return response(`${place} ${n}`, {
      ...about,
      ...{
        invocation: id,
        phase,
        revision,
        model: MODELS[group % MODELS.length],
        source: n % 20 === 0 ? 'estimated' : 'actual',
      },
      ...{
        completed_at_ms: begun + (n % ROWS_OF_AN_INVOCATION) * 30_000,
        output_tokens: 100 + revision + (n % 1000),
      },
      cost_nano_usd: n % 50 === 0 ? null : 1_000_000 + revision + n,
    });
  });
  return { invocations: [...invocations.values()], responses };
}

async function readSizes(client: pg.Client, responses: number): Promise<Figure[]> {
  const { rows } = await client.query<Record<string, string>>(`
    SELECT sum(pg_relation_size(relid)) AS heap, sum(pg_indexes_size(relid)) AS indexes,
      (SELECT count(*) FROM codex_metered.usage_15m) AS quarters, (SELECT count(*) FROM codex_metered.usage_day) AS days,
      pg_total_relation_size('codex_metered.usage_15m') AS quarters_bytes, pg_total_relation_size('codex_metered.usage_day') AS days_bytes
    FROM pg_partition_tree('codex_metered.responses') WHERE isleaf`);
  const of = (name: string) => Number(rows[0]?.[name]);
  return [
    { name: 'table, per response', value: of('heap') / responses, unit: 'B' },
    { name: 'indexes, per response', value: of('indexes') / responses, unit: 'B' },
    { name: 'a row of usage_15m, with its key', value: of('quarters_bytes') / of('quarters'), unit: 'B' },
    { name: 'a row of usage_day, with its key', value: of('days_bytes') / of('days'), unit: 'B' },
    { name: 'responses for each row of usage_15m', value: responses / of('quarters'), unit: 'rows' },
    { name: 'responses for each row of usage_day', value: responses / of('days'), unit: 'rows' },
  ];
}

const QUERIES: Readonly<Record<string, string>> = {
  'month by user and project, from sums': `SELECT user_name, project, sum(cost_nano_usd), sum(output_tokens)
    FROM codex_metered.usage_daily WHERE day BETWEEN '2026-11-01' AND '2026-11-30' GROUP BY 1, 2`,
  'the same from single responses': `SELECT usr, project, sum(cost_nano_usd), sum(output_tokens)
    FROM codex_metered.responses WHERE completed_at >= '2026-11-01' AND completed_at < '2026-12-01' GROUP BY 1, 2`,
};

async function timeQueries(client: pg.Client, rounds: number): Promise<Column[]> {
  await client.query('ANALYZE');
  const columns: { name: string; samplesMs: number[] }[] = Object.keys(QUERIES).map((name) => ({
    name,
    samplesMs: [],
  }));
  for (let round = 0; round < rounds; round++) {
    for (const { name, samplesMs } of columns) {
      const begun = performance.now();
      await client.query(QUERIES[name] ?? '');
      samplesMs.push(performance.now() - begun);
    }
  }
  return columns;
}
