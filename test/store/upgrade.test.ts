import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Connection, openDatabase } from '../../src/store/driver.js';
import { LATEST_VERSION } from '../../src/store/migrations.js';
import { Packer } from '../../src/store/pack.js';
import { openStore } from '../../src/store/store.js';
import type { PricedResponse } from '../../src/usage/record.js';
import { createEarlier, FIRST_OF_ALL, STEPS } from './earlier.js';
import { createFolder, createStore, sampleInvocation, sampleResponse } from './samples.js';

const SOURCES = new URL('../../src/store/', import.meta.url);
const [FIRST = ''] = STEPS;
const HOUR_MS = 3_600_000;

const COUNTS = 'input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, reasoning_tokens';
const RESPONSE = `model, ${COUNTS}, evidence, source, cost_nano_usd, completed_at_ms, recorded_at_ms`;

/** What each version's programs recorded, in the tables that came with it. */
const ROWS: Readonly<Record<number, (connection: Connection) => void>> = {
  1: (connection) => fillFirst(connection, ', codex_pid', ', 8'),
  2: (connection) =>
    connection.exec(`
      INSERT INTO responses (provider, thread_id, response_key, cache_write_1h_tokens, ${RESPONSE}) VALUES
        ('codex', 'lost', 'l1', 0, 'gpt-5', 90, 0, 0, 9, 0, 'token_count', 'actual', 5, ${HOUR_MS}, 1),
        ('claude', 'c', 'msg_1:req_1', 30, 'claude-opus-5', 500, 0, 40, 5, 0, 'usage_record', 'actual', 7, 7000, 1),
        ('claude', 'c', 'msg_2', 0, 'claude-opus-5', 600, 0, 0, 6, 0, 'usage_record', 'actual', NULL, 8000, 1),
        ('claude', 'c', 'at:9000', 0, 'claude-opus-5', 10, 0, 0, 1, 0, 'usage_record', 'actual', 1, 9000, 1);
      INSERT INTO threads VALUES ('c', 'claude', 'c', 'shop', 'main', '/srv', '2.1', 1),
        ('t', 'codex', 't', 'shop', 'main', '/srv', NULL, 1), ('lost', 'codex', 'lost', 'unknown', 'main', NULL, NULL, 1);
      INSERT INTO history_files VALUES ('/t', 'codex', 't', 10, 1.5, 10, '{}', 1, 0, NULL, 1),
        ('/lost', 'codex', 'lost', 10, 1.5, 10, '{}', 1, 1, 'cut', 1), ('/c', 'claude', 'c', 10, 1.5, 10, '{}', 3, 1, NULL, 1);
      INSERT INTO buckets SELECT completed_at_ms / 900000 * 900000, provider, 'shop', model, source, count(*),
        count(*) - count(cost_nano_usd), sum(input_tokens), sum(cached_input_tokens), sum(cache_write_tokens),
        sum(output_tokens), sum(reasoning_tokens), sum(cost_nano_usd)
      FROM responses WHERE invocation_id IS NULL GROUP BY 1, 2, 3, 4, 5 ON CONFLICT DO NOTHING;
      INSERT INTO rate_limits VALUES ('codex', 'primary', 300, 12.5, NULL, 4);
      INSERT INTO original_costs SELECT id, 1, '{}', 3 FROM responses WHERE response_key = 'k2';
      UPDATE invocations SET budget = '{}', context_tokens = 3 WHERE id = 'b';`),
  3: (connection) => pack(connection, 'old', [at('p1', 30 * HOUR_MS), at('p2', 31 * HOUR_MS)]),
  5: (connection) =>
    connection.exec(`
      UPDATE response_rows SET fees = '{"webSearches":2,"unknown":[]}', cost_extent = 'partial' WHERE response_key = 'k2';
      INSERT INTO session_runs VALUES ('c', 0, 5, 6, NULL, 0, '[]', 'short');
      INSERT INTO session_copies VALUES ('c', 'msg_9');
      UPDATE history_files SET untold_responses = 2 WHERE provider = 'claude';`),
  7: (connection) => connection.exec("UPDATE invocations SET thread_known_by = 'output' WHERE id = 'b'"),
  9: (connection) => connection.exec("UPDATE invocations SET front_pid = 9 WHERE id = 'b'"),
  10: (connection) =>
    connection.exec(`
      UPDATE invocations SET work_tree = '/srv', repository = '/srv', output_path = '/out' WHERE id = 'b';
      INSERT INTO mirrored VALUES ('/other.db', 'b', 'shop', 'r', 'written', 'e', '{}', 5);`),
};

function fillFirst(connection: Connection, column: string, value: string): void {
  const invocation = `INSERT INTO invocations (id, project_id, run_id, phase, iteration, attribution, command, cwd, codex_home,
    codex_path, meter_pid, status, started_at_ms${column})`;
  const response = `INSERT INTO responses (invocation_id, thread_id, response_key, ${RESPONSE})`;
  connection.exec(`
    ${invocation} VALUES ('b', 'shop', 'nightly', 'builder', 1, '{}', 'exec', '/', '/', '/codex', 7, 'completed', 0${value});
    ${invocation} VALUES ('a', 'shop', 'nightly', 'reviewer', 1, '{}', 'exec', '/', '/', '/codex', 7, 'running', 0${value});
    ${response} VALUES ('b', 't', 'k1', 'gpt-5.3-codex', 700, 600, 0, 50, 10, 'usage_record', 'actual', 40, 1000, 1000),
      ('b', 't', 'k2', 'gpt-5.3-codex', 800, 0, 10, 60, 0, 'usage_record', 'actual', NULL, 2000, 1000),
      ('a', 'u', 'k3', 'gpt-5.3-codex', 9, 0, 0, 6, 0, 'turn_completed', 'parsed', 2, ${HOUR_MS}, 1000),
      ('a', 'u', 'k4', 'gpt-5.3-codex', 9, 0, 0, 1, 0, 'otel', 'actual', 2, ${HOUR_MS}, 1000);
    INSERT INTO cost_records (id, project_id, run_id, category, input_tokens, output_tokens, is_actual, model, description,
      created_at, invocation_id, iteration, source, cached_input_tokens, cache_write_tokens, reasoning_tokens, responses,
      unpriced_responses, cost_nano_usd, total_cost_usd, updated_at)
    SELECT invocation_id || '/' || model || '/' || source, 'shop', 'nightly', 'builder', sum(input_tokens),
      sum(output_tokens), source = 'actual', model, '', '1970-01-01T00:00:00.000Z', invocation_id, 1, source,
      sum(cached_input_tokens), sum(cache_write_tokens), sum(reasoning_tokens), count(*), count(*) - count(cost_nano_usd),
      sum(cost_nano_usd), sum(cost_nano_usd) / 1e9, ''
    FROM responses GROUP BY invocation_id, model, source;
    INSERT INTO notes (invocation_id, kind, reason, figures, noted_at_ms) VALUES ('b', 'fault', 'kept', '{}', 0);`);
}

function at(key: string, completedAtMs: number): PricedResponse {
  return sampleResponse(key, { completedAtMs, turnId: undefined });
}

function pack(connection: Connection, threadId: string, responses: readonly PricedResponse[]): void {
  const packer = new Packer();
  for (const response of responses) packer.add({ ...response, threadId }, response);
  for (const { provider, firstMs, lastMs, turns, kinds, counts, sums } of packer.take()) {
    connection
      .prepare('INSERT INTO response_packs VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, CAST(? AS TEXT), 1)')
      .run(provider, threadId, firstMs, lastMs, responses.length, turns, kinds, counts);
    const insert = connection.prepare("INSERT INTO buckets VALUES (?, ?, 'unknown', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    for (const { startMs, model, source, responses: count, unpricedResponses, counts: tokens, costNanoUsd } of sums) {
      insert.run(startMs, provider, model, source, count, unpricedResponses, ...tokens, costNanoUsd);
    }
  }
}

/** A database that each version up to `version` has recorded something in. */
function createGrown(version: number): string {
  return createEarlier(version, (connection) => {
    for (let step = 1; step <= version; step++) {
      connection.exec(STEPS[step - 1] ?? '');
      ROWS[step]?.(connection);
    }
  });
}

/** One of the first commit that had a database, which called itself version 1. */
function createFirstOfAll(): string {
  return createEarlier(1, (connection) => {
    connection.exec(FIRST_OF_ALL);
    fillFirst(connection, '', '');
  });
}

const EARLIER = ['the first commit', ...STEPS.map((_, index) => index + 1)] as const;

/** A copy of the database, brought over by the steps in which the schema grew. */
function goByTheSteps(path: string): string {
  const copy = join(createFolder(), 'usage.db');
  copyFileSync(path, copy);
  const connection = openDatabase(copy);
  connection.pragma('foreign_keys = OFF');
  const version = connection.pragma('user_version', { simple: true }) as number;
  const columns = connection.prepare('SELECT name FROM pragma_table_info(?)').pluck().all('invocations');
  if (!columns.includes('codex_pid')) {
    connection.exec(
      'ALTER TABLE invocations ADD COLUMN codex_pid INTEGER NOT NULL DEFAULT 0; UPDATE invocations SET codex_pid = meter_pid',
    );
  }
  for (const step of STEPS.slice(version)) connection.exec(step);
  connection.pragma(`user_version = ${STEPS.length}`);
  connection.close();
  openStore(copy, { mode: 'write' }).close();
  return copy;
}

/**
 * All that the database holds, table by table. Ids of rows that came out of packs follow no rule, and the program that brings
 * a database over also renews what a cost record says in words and when.
 */
function dump(path: string): Record<string, unknown[]> {
  const connection = openDatabase(path);
  const read = (sql: string) => connection.prepare(sql).raw().all();
  const tables = read(
    "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY 1",
  ) as string[][];
  const left = ['recorded_at_ms', 'noted_at_ms', 'updated_at', 'description', 'created_at', 'surroundings'];
  const entries = tables.flat().map((table) => {
    const columns = connection.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table) as string[];
    const compared = columns.filter((name) => !left.includes(name) && !(name === 'id' && /^response/.test(table)));
    return [table, read(`SELECT ${compared.sort().join(', ')} FROM ${table} ORDER BY ${compared.join(', ')}`)];
  });
  const inOrder = { invocations: read('SELECT rowid, id FROM invocations') };
  const costs = read(`SELECT r.response_key, o.cost_nano_usd, o.price FROM original_costs o
    LEFT JOIN response_rows r ON r.id = o.response_id ORDER BY 1`);
  connection.close();
  return { ...Object.fromEntries(entries), inOrder: [inOrder], original_costs: costs };
}

describe('an upgrade', () => {
  it.each(EARLIER)('of a database of version %s keeps all that it holds, in the schema of a new one', (version) => {
    const path = version === 'the first commit' ? createFirstOfAll() : createGrown(version);
    const expected = dump(goByTheSteps(path));
    const store = createStore(path);
    expect(dump(path)).toMatchObject(expected);
    // The tables of a database of version 10 were made step by step; what they hold is the same.
    if (version !== STEPS.length) expect(schemaOf(path)).toEqual(schemaOf(createStore().path));
    expect(store.connection.pragma('foreign_key_check')).toEqual([]);
    expect(store.connection.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(expected.cost_records).toHaveLength(3);
    store.record({ invocation: sampleInvocation('c') });
    store.connection.exec("DELETE FROM invocations WHERE id = 'b'");
    expect(store.connection.prepare('SELECT count(*) FROM cost_records').pluck().get()).toBe(2);
  });

  it("leaves the user's own tables and views alone", () => {
    const path = createEarlier(2, (connection) => {
      connection.exec(`${STEPS.slice(0, 2).join(';')}; CREATE TABLE mine (word TEXT); INSERT INTO mine VALUES ('here');
        CREATE VIEW spent AS SELECT sum(cost_nano_usd) AS cost FROM responses`);
      fillOne(connection);
    });
    const { connection } = createStore(path);
    expect(connection.prepare('SELECT word FROM mine').pluck().get()).toBe('here');
    expect(connection.prepare('SELECT cost FROM spent').pluck().get()).toBe(5);
  });

  it('makes packs of the first programs that packed, which have no sums beside them, into rows', () => {
    const path = createEarlier(3, (connection) => {
      connection.exec(STEPS.slice(0, 3).join(';'));
      pack(connection, 'old', [at('p1', HOUR_MS)]);
      connection.exec("UPDATE response_packs SET kinds = json_remove(kinds, '$[0][14]', '$[0][13]', '$[0][12]')");
    });
    const { connection } = createStore(path);
    expect(connection.prepare('SELECT count(*) FROM response_packs').pluck().get()).toBe(0);
    expect(connection.prepare('SELECT sum(input_tokens) FROM responses').pluck().get()).toBe(1000);
  });

  it('keeps the total of a session of Claude Code that is larger than one response can be', () => {
    const path = createEarlier(5, (connection) => {
      connection.exec(`${STEPS.slice(0, 5).join(';')};
        INSERT INTO response_rows (provider, thread_id, response_key, cache_write_1h_tokens, ${RESPONSE})
        VALUES ('claude', 'c', 'total:c', 0, 'claude-opus-5', 2000000000, 0, 0, 9, 0, 'session_total', 'actual', 5, 1, 1)`);
    });
    const { connection } = createStore(path);
    expect(connection.prepare('SELECT input_tokens FROM responses').pluck().all()).toEqual([2_000_000_000]);
  });

  it('that is killed at any moment leaves the database as it was, and the next command brings it over', async () => {
    const path = createGrown(4);
    const before = dump(path);
    for (const call of [1, 12, 40]) {
      await killAtStatement(path, call);
      expect(dump(path)).toEqual(before);
    }
    const { connection } = createStore(path);
    expect(connection.pragma('user_version', { simple: true })).toBe(LATEST_VERSION);
    expect(
      connection.prepare("SELECT input_tokens FROM response_rows WHERE response_key = 'k1'").pluck().all(),
    ).toEqual([700]);
  });

  it('is made once by processes that open the database at once', async () => {
    const path = createGrown(1);
    const ends = Array.from({ length: 4 }, () => once(start(OPENER, path), 'exit'));
    expect((await Promise.all(ends)).map(([code]) => code)).toEqual([0, 0, 0, 0]);
    expect(schemaOf(path)).toEqual(schemaOf(createStore().path));
  });

  it('of a database that was made between two releases says what it lacks and what to do', () => {
    const path = createEarlier(LATEST_VERSION, (connection) => connection.exec(FIRST));
    const store = openStore(path, { mode: 'write' });
    expect(() => store.record({ invocation: sampleInvocation('a') })).toThrow(
      /lacks a part of its schema.*move it away/,
    );
    store.close();
  });
});

function fillOne(connection: Connection): void {
  connection.exec(`INSERT INTO responses (provider, thread_id, response_key, cache_write_1h_tokens, ${RESPONSE})
    VALUES ('codex', 't', 'l1', 0, 'gpt-5', 90, 0, 0, 9, 0, 'token_count', 'actual', 5, ${HOUR_MS}, 1)`);
}

/** Tables, views, indexes and triggers. */
function schemaOf(path: string): unknown[] {
  const connection = openDatabase(path, { readonly: true });
  const rows = connection.prepare('SELECT type, name, sql FROM sqlite_master ORDER BY name').raw().all();
  connection.close();
  return rows;
}

const OPENER = `
import { openStore } from '${new URL('store.ts', SOURCES)}';
openStore(process.argv[1], { mode: 'write', busyTimeoutMs: 20_000 }).close();
`;

/** Brings the database over, and stops after so many statements. A small cache has them written to the file at once. */
const STOPPER = `
import { openDatabase } from '${new URL('driver.ts', SOURCES)}';
import { migrate } from '${new URL('migrations.ts', SOURCES)}';
const connection = openDatabase(process.argv[1]);
connection.pragma('foreign_keys = OFF');
connection.pragma('cache_size = 1');
let left = Number(process.argv[2]);
const stopping = new Proxy(connection, {
  get(target, name) {
    const value = Reflect.get(target, name);
    if (typeof value !== 'function') return value;
    return (...args) => {
      if (name === 'exec' && left-- === 0) {
        process.stdout.write('stopped');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      }
      return value.apply(target, args);
    };
  },
});
connection.exec('BEGIN IMMEDIATE');
migrate(stopping, connection.pragma('user_version', { simple: true }));
`;

async function killAtStatement(path: string, statement: number): Promise<void> {
  const child = start(STOPPER, path, String(statement));
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function start(script: string, ...args: string[]) {
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
