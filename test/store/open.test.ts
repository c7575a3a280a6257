import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StoreError, type StoreProblem } from '../../src/errors.js';
import { type Connection, openDatabase } from '../../src/store/driver.js';
import { MIGRATIONS } from '../../src/store/migrations.js';
import { openStore } from '../../src/store/store.js';
import { createFolder, createStore, sampleInvocation } from './samples.js';

const FIRST_VERSION_ROWS = `
  INSERT INTO invocations (id, project_id, run_id, phase, iteration, attribution, command, cwd, codex_home, codex_path,
    meter_pid, codex_pid, status, started_at_ms)
  VALUES ('a', 'shop', 'r', 'builder', 1, '{}', 'exec', '/', '/', '/codex', 1, 2, 'completed', 0);
  INSERT INTO responses (invocation_id, thread_id, response_key, model, input_tokens, cached_input_tokens,
    cache_write_tokens, output_tokens, reasoning_tokens, evidence, source, completed_at_ms, recorded_at_ms)
  VALUES ('a', 't', 'k', 'gpt-5.3-codex', 700, 0, 0, 1, 0, 'usage_record', 'actual', 0, 0);
  INSERT INTO notes (invocation_id, kind, reason, figures, noted_at_ms) VALUES ('a', 'fault', 'kept', '{}', 0);
`;

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

function problemOf(operate: () => unknown): { problem: StoreProblem; message: string } {
  try {
    operate();
  } catch (error) {
    if (error instanceof StoreError) return { problem: error.problem, message: error.message };
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

describe('opening a store', () => {
  it("makes the database and its folder the user's alone", () => {
    const path = join(createFolder(), 'new', 'folder', 'usage.db');
    createStore(path);
    expect([modeOf(path), modeOf(dirname(path))]).toEqual(['600', '700']);
  });

  it('keeps what SQLite writes beside the database as private', () => {
    const path = join(createFolder(), 'usage.db');
    createStore(path).record({ invocation: sampleInvocation('a') });
    expect([modeOf(`${path}-wal`), modeOf(`${path}-shm`)]).toEqual(['600', '600']);
  });

  it('takes a new database through every step of the schema', () => {
    const { connection } = createStore();
    expect(connection.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
  });

  it('takes a database of an earlier version through the steps it lacks, and keeps what it holds', () => {
    const path = join(createFolder(), 'usage.db');
    const earlier = openDatabase(path);
    earlier.exec("CREATE TABLE kept (word TEXT); INSERT INTO kept VALUES ('here');");
    earlier.close();
    const { connection } = createStore(path);
    expect(connection.prepare('SELECT word FROM kept').pluck().get()).toBe('here');
    expect(connection.prepare('SELECT count(*) FROM cost_records').pluck().get()).toBe(0);
  });

  it('brings what the first version recorded along, in the tables of today', () => {
    const path = join(createFolder(), 'usage.db');
    const [first = ''] = MIGRATIONS;
    const earlier = openDatabase(path);
    earlier.exec(first);
    earlier.pragma('user_version = 1');
    earlier.exec(FIRST_VERSION_ROWS);
    earlier.close();
    const { connection } = createStore(path);
    const read = (sql: string) => connection.prepare(sql).pluck().all();
    expect(read('SELECT origin FROM invocations')).toEqual(['metered']);
    expect(read('SELECT provider FROM responses')).toEqual(['codex']);
    expect(read('SELECT input_tokens FROM buckets')).toEqual([700]);
    expect(read('SELECT reason FROM notes')).toEqual(['kept']);
    expect(connection.pragma('foreign_key_check')).toEqual([]);
    connection.exec("DELETE FROM invocations WHERE id = 'a'");
    expect(read('SELECT id FROM responses UNION ALL SELECT id FROM notes')).toEqual([]);
  });

  it('leaves a database that is current as it is', () => {
    const path = join(createFolder(), 'usage.db');
    createStore(path).record({ invocation: sampleInvocation('a') });
    const again = createStore(path);
    expect(again.connection.prepare('SELECT id FROM invocations').pluck().all()).toEqual(['a']);
  });

  it('says that there is none when it is only to be read, and does not make one', () => {
    const path = join(createFolder(), 'usage.db');
    expect(problemOf(() => openStore(path, { mode: 'read' })).problem).toBe('missing');
    expect(existsSync(path)).toBe(false);
  });

  it('refuses a database of a newer version, and says what to do', () => {
    const path = join(createFolder(), 'usage.db');
    const newer = openDatabase(path);
    newer.pragma(`user_version = ${MIGRATIONS.length + 1}`);
    newer.close();
    const { problem, message } = problemOf(() => openStore(path, { mode: 'read' }));
    expect(problem).toBe('newer');
    expect(message).toContain('update codex-metered');
  });

  it('says that a file that is no database is not readable', () => {
    const path = join(createFolder(), 'usage.db');
    writeFileSync(path, 'this is no database, it is a sentence that somebody wrote into the file\n'.repeat(20));
    const { problem, message } = problemOf(() => openStore(path, { mode: 'read' }));
    expect(problem).toBe('corrupt');
    expect(message).toContain(path);
  });

  it('says that a database below a file cannot be written', () => {
    const file = join(createFolder(), 'file');
    writeFileSync(file, '');
    expect(problemOf(() => openStore(join(file, 'usage.db'), { mode: 'write' })).problem).toBe('unwritable');
  });
});

describe('a database that another process is writing', () => {
  function lock(path: string): Connection {
    const other = openDatabase(path);
    other.exec('BEGIN IMMEDIATE');
    return other;
  }

  it('is locked for who writes, at once when no patience is given', () => {
    const path = join(createFolder(), 'usage.db');
    createStore(path);
    const impatient = openStore(path, { mode: 'write' });
    const other = lock(path);
    const { problem, message } = problemOf(() => impatient.record({ invocation: sampleInvocation('a') }));
    expect(problem).toBe('locked');
    expect(message).toContain('try again');
    other.exec('COMMIT');
    expect(impatient.record({ invocation: sampleInvocation('a') })).toBe(1);
    impatient.close();
    other.close();
  });

  it('can be read meanwhile, as it was before', () => {
    const path = join(createFolder(), 'usage.db');
    createStore(path).record({ invocation: sampleInvocation('a') });
    const other = lock(path);
    other.exec("DELETE FROM invocations WHERE id = 'a'");
    const reader = openStore(path, { mode: 'read' });
    expect(reader.connection.prepare('SELECT id FROM invocations').pluck().all()).toEqual(['a']);
    reader.close();
    other.close();
  });
});
