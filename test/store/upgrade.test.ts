import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/driver.js';
import { MIGRATIONS } from '../../src/store/migrations.js';
import { openStore } from '../../src/store/store.js';
import { createFolder, createStore, sampleInvocation } from './samples.js';

const SOURCES = new URL('../../src/store/', import.meta.url);
/** The schema of the first commit that had one. */
const FIRST_OF_ALL = readFileSync(new URL('first-schema.sql', import.meta.url), 'utf8');
const [FIRST = ''] = MIGRATIONS;

const ROWS = `
  INSERT INTO responses (invocation_id, thread_id, response_key, model, input_tokens, cached_input_tokens,
    cache_write_tokens, output_tokens, reasoning_tokens, evidence, source, completed_at_ms, recorded_at_ms)
  VALUES ('a', 't', 'k', 'gpt-5.3-codex', 700, 600, 0, 50, 10, 'usage_record', 'actual', 1000, 1000);
  INSERT INTO notes (invocation_id, kind, reason, figures, noted_at_ms) VALUES ('a', 'fault', 'kept', '{}', 0);
`;

/** Each is a way to make a database as it was after so many steps, with a run in it. */
const EARLIER: [string, number, string][] = [
  ['of the first commit', 1, `${FIRST_OF_ALL}; ${insertInvocation('')} ${ROWS}`],
  ...MIGRATIONS.slice(0, -1).map((_, index): [string, number, string] => {
    const steps = MIGRATIONS.slice(1, index + 1).join(';');
    return [`of version ${index + 1}`, index + 1, `${FIRST}; ${insertInvocation(', codex_pid')} ${ROWS} ${steps}`];
  }),
];

describe('an upgrade', () => {
  it.each(EARLIER)('brings a database %s over, with all that it holds', (_, version, sql) => {
    const path = createEarlier(version, sql);
    const store = createStore(path);
    const read = (query: string) => store.connection.prepare(query).raw().all();
    expect(read('SELECT id, project_id, run_id, status, codex_pid FROM invocations')).toEqual([
      ['a', 'shop', 'nightly', 'completed', 7],
    ]);
    expect(read('SELECT input_tokens, cached_input_tokens, output_tokens FROM response_rows')).toEqual([
      [700, 600, 50],
    ]);
    expect(read('SELECT reason FROM notes')).toEqual([['kept']]);
    expect(read('PRAGMA foreign_key_check')).toEqual([]);
    expect(read('PRAGMA integrity_check')).toEqual([['ok']]);
    expect(schemaOf(path)).toEqual(schemaOf(createStore().path));
    store.record({ invocation: sampleInvocation('b') });
    expect(read('SELECT count(*) FROM invocations')).toEqual([[2]]);
  });

  it('that is killed in the middle leaves the database as it was, and the next command brings it over', async () => {
    const path = createEarlier(1, `${FIRST}; ${insertInvocation(', codex_pid')} ${ROWS}`);
    await killHalfway(path);
    const before = openDatabase(path);
    expect(before.pragma('user_version', { simple: true })).toBe(1);
    before.close();
    const { connection } = createStore(path);
    expect(connection.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
    expect(connection.prepare('SELECT input_tokens FROM response_rows').pluck().all()).toEqual([700]);
  });

  it('is made once by processes that open the database at once', async () => {
    const path = createEarlier(1, `${FIRST}; ${insertInvocation(', codex_pid')} ${ROWS}`);
    const ends = Array.from({ length: 4 }, () => once(start(OPENER, path), 'exit'));
    expect((await Promise.all(ends)).map(([code]) => code)).toEqual([0, 0, 0, 0]);
    expect(schemaOf(path)).toEqual(schemaOf(createStore().path));
  });

  it('of a database that was made between two releases says what it lacks and what to do', () => {
    const path = createEarlier(MIGRATIONS.length, FIRST);
    const store = openStore(path, { mode: 'write' });
    expect(() => store.record({ invocation: sampleInvocation('a') })).toThrow(
      /lacks a part of its schema.*move it away/,
    );
    store.close();
  });

  it('is told of by the program of before, which refuses the database and leaves it alone', () => {
    const path = join(createFolder(), 'usage.db');
    const store = createStore(path);
    store.record({ invocation: sampleInvocation('a') });
    const newer = openDatabase(path);
    newer.pragma(`user_version = ${MIGRATIONS.length + 1}`);
    newer.close();
    expect(() => openStore(path, { mode: 'write' })).toThrow(/made by a newer codex-metered: update codex-metered/);
    expect(() => openStore(path, { mode: 'read' })).toThrow(/made by a newer codex-metered/);
  });
});

function insertInvocation(more: string): string {
  return `
    INSERT INTO invocations (id, project_id, run_id, phase, iteration, attribution, command, cwd, codex_home, codex_path,
      meter_pid, status, started_at_ms${more})
    VALUES ('a', 'shop', 'nightly', 'builder', 1, '{}', 'exec', '/', '/', '/codex', 7, 'completed', 0${more && ', 7'});`;
}

function createEarlier(version: number, sql: string): string {
  const path = join(createFolder(), 'usage.db');
  const earlier = openDatabase(path);
  earlier.pragma('journal_mode = WAL');
  earlier.pragma('foreign_keys = OFF');
  earlier.exec(sql);
  earlier.pragma(`user_version = ${version}`);
  earlier.close();
  return path;
}

/** Tables, views, indexes and triggers, however they are spaced. */
function schemaOf(path: string): unknown[] {
  const connection = openDatabase(path, { readonly: true });
  const rows = connection.prepare('SELECT type, name, sql FROM sqlite_master ORDER BY name').raw().all() as string[][];
  connection.close();
  return rows.map(([type, name, sql]) => [type, name, type === 'table' ? '' : (sql ?? '').replace(/\s+/g, ' ')]);
}

const OPENER = `
import { openStore } from '${new URL('store.ts', SOURCES)}';
openStore(process.argv[1], { mode: 'write', busyTimeoutMs: 20_000 }).close();
`;

const HALFWAY = `
import { openDatabase } from '${new URL('driver.ts', SOURCES)}';
import { MIGRATIONS } from '${new URL('migrations.ts', SOURCES)}';
const connection = openDatabase(process.argv[1]);
connection.pragma('foreign_keys = OFF');
connection.pragma('cache_size = 1');
connection.exec('BEGIN IMMEDIATE');
for (const step of MIGRATIONS.slice(1, 4)) connection.exec(step);
process.stdout.write('halfway');
setInterval(() => undefined, 1000);
`;

async function killHalfway(path: string): Promise<void> {
  const child = start(HALFWAY, path);
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function start(script: string, path: string) {
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
