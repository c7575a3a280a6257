import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StoreError, type StoreProblem } from '../../src/errors.js';
import { type Connection, openDatabase } from '../../src/store/driver.js';
import { LATEST_VERSION } from '../../src/store/migrations.js';
import { openStore } from '../../src/store/store.js';
import { createFolder, createStore, sampleInvocation } from './samples.js';

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

  it('gives a new database the latest version of the schema', () => {
    const { connection } = createStore();
    expect(connection.pragma('user_version', { simple: true })).toBe(LATEST_VERSION);
  });

  it('makes its tables in a database that has others, and keeps those', () => {
    const path = join(createFolder(), 'usage.db');
    const earlier = openDatabase(path);
    earlier.exec("CREATE TABLE kept (word TEXT); INSERT INTO kept VALUES ('here');");
    earlier.close();
    const { connection } = createStore(path);
    expect(connection.prepare('SELECT word FROM kept').pluck().get()).toBe('here');
    expect(connection.prepare('SELECT count(*) FROM cost_records').pluck().get()).toBe(0);
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
    newer.pragma(`user_version = ${LATEST_VERSION + 1}`);
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
