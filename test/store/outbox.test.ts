import { describe, expect, it } from 'vitest';
import {
  advanceCursor,
  beginTarget,
  confirmNonce,
  iterateAll,
  listEntries,
  listTargets,
  prepareNonce,
  readBacklog,
  readStoreId,
  readTarget,
  removeTarget,
} from '../../src/store/outbox.js';
import { readOutboxRows } from '../../src/store/outbox-rows.js';
import { listSetAside, setRowAside, takeBack } from '../../src/store/set-aside.js';
import type { Store } from '../../src/store/store.js';
import { createStore, importSessions, START, sampleInvocation, sampleResponse } from './samples.js';

const ALL = 1000;

/** A store with a target, which has been sent all that there was. */
function createWithTarget(...names: string[]): Store {
  const store = createStore();
  for (const name of names.length === 0 ? ['work'] : names) beginTarget(store.connection, { name, settings: 's' });
  return store;
}

/** Kind and key of what the target has not been sent. */
function listWaiting({ connection }: Store, name = 'work'): string[] {
  const { cursor = 0 } = readTarget(connection, name) ?? {};
  return listEntries(connection, cursor, ALL).map(({ kind, key, gone }) => {
    return `${gone === null ? '' : 'gone '}${kind} ${kind === 'response' ? JSON.parse(key)[1] : key}`;
  });
}

function sendAll({ connection }: Store, name = 'work'): void {
  const last = listEntries(connection, 0, ALL).at(-1)?.seq ?? 0;
  advanceCursor(connection, name, last);
}

function importKeys(store: Store, keys: readonly string[], projectId?: string): void {
  importSessions(store, { responses: keys.map((key) => sampleResponse(key)), ...(projectId && { projectId }) });
}

describe('the outbox', () => {
  it('stays empty while there is no target', () => {
    const { connection, record } = createStore();
    record({ invocation: sampleInvocation('a'), responses: [sampleResponse('1')] });
    expect(readBacklog(connection, { cursor: 0 })).toEqual({ entries: 0, sinceMs: null });
  });

  it('has an entry for each row that changes, one however often it does', () => {
    const store = createWithTarget();
    store.record({ invocation: sampleInvocation('a'), responses: [sampleResponse('1'), sampleResponse('2')] });
    store.record({ invocation: { id: 'a' }, responses: [sampleResponse('1', { costNanoUsd: 7 })] });
    store.record({ invocation: { id: 'a' }, update: { status: 'completed', endedAtMs: START + 5000, exitCode: 0 } });
    expect(listWaiting(store)).toEqual(['response 2', 'response 1', 'invocation a']);
  });

  it('has none where what is sent of a row stays as it is', () => {
    const store = createWithTarget();
    store.record({ invocation: sampleInvocation('a'), responses: [sampleResponse('1')] });
    sendAll(store);
    store.record({ invocation: { id: 'a' }, update: { contextTokens: 9 }, responses: [sampleResponse('1')] });
    expect(listWaiting(store)).toEqual([]);
  });

  it('is taken back with the change that it is about', () => {
    const store = createWithTarget();
    const twice = sampleInvocation('b', { attribution: { iteration: Number.NaN } });
    expect(() => store.record({ invocation: twice, responses: [sampleResponse('1')] })).toThrow();
    expect(listWaiting(store)).toEqual([]);
  });

  it('names a stand-in that has gone, until it is recorded again', () => {
    const store = createWithTarget();
    const standIn = sampleResponse('otel:1', { threadId: 'invocation:a', evidence: 'otel' });
    store.record({ invocation: sampleInvocation('a'), responses: [standIn] });
    sendAll(store);
    store.record({ invocation: { id: 'a' }, responses: [sampleResponse('1')] });
    expect(listWaiting(store)).toContain('gone response otel:1');
    const rows = () => readOutboxRows(store.connection, listEntries(store.connection, 0, ALL));
    expect(rows().gone).toMatchObject([{ key: 'otel:1', evidence: 'otel', provider: 'codex' }]);
    store.connection.exec("DELETE FROM response_rows WHERE response_key = '1'");
    store.record({ invocation: { id: 'a' }, responses: [standIn] });
    expect(rows().gone).toMatchObject([{ key: '1' }]);
    expect(rows().responses).toMatchObject([{ key: 'otel:1', invocationId: 'a', projectId: 'shop', isPast: 0 }]);
  });

  it('has an invocation that has lost a response', () => {
    const store = createWithTarget();
    for (const id of ['a', 'b']) store.record({ invocation: sampleInvocation(id), responses: [sampleResponse(id)] });
    sendAll(store);
    store.connection.exec("UPDATE response_rows SET invocation_id = 'b' WHERE response_key = 'a'");
    expect(listWaiting(store).toSorted()).toEqual(['invocation a', 'response a']);
    sendAll(store);
    store.connection.exec("DELETE FROM response_rows WHERE response_key = 'b'");
    expect(listWaiting(store).toSorted()).toEqual(['gone response b', 'invocation b']);
  });

  it('has one entry for a pack, which stands for all of its responses', () => {
    const store = createWithTarget();
    importKeys(store, ['1', '2', '3']);
    const entries = listEntries(store.connection, 0, ALL);
    expect(entries).toMatchObject([{ kind: 'pack', rows: 3 }]);
    const { responses } = readOutboxRows(store.connection, entries);
    expect(responses.map(({ key, isPast, projectId, input }) => [key, isPast, projectId, input])).toEqual(
      ['1', '2', '3'].map((key) => [key, 1, 'shop', 1000]),
    );
  });

  it('has the responses of a pack one by one when they become rows', () => {
    const store = createWithTarget();
    importKeys(store, ['1', '2']);
    store.record({ invocation: sampleInvocation('a'), responses: [sampleResponse('3')] });
    const { responses } = readOutboxRows(store.connection, listEntries(store.connection, 0, ALL));
    expect(responses.map(({ key, invocationId }) => [key, invocationId]).sort()).toEqual([
      ['1', null],
      ['2', null],
      ['3', 'a'],
    ]);
  });

  it('has the responses of a thread whose project becomes known', () => {
    const store = createWithTarget();
    importKeys(store, ['1', '2'], 'unknown');
    sendAll(store);
    importKeys(store, ['1', '2'], 'shop');
    const entries = listEntries(store.connection, 0, ALL);
    expect(entries).toMatchObject([{ kind: 'thread', rows: 2 }]);
    const { responses } = readOutboxRows(store.connection, entries);
    expect(responses.map(({ projectId }) => projectId)).toEqual(['shop', 'shop']);
  });

  it('gives as many entries at once as stand for so many rows, but at least one', () => {
    const store = createWithTarget();
    importKeys(store, ['1', '2', '3']);
    store.record({ invocation: sampleInvocation('a'), responses: [sampleResponse('x', { threadId: 'other' })] });
    const kinds = (rows: number) => listEntries(store.connection, 0, rows).map(({ kind }) => kind);
    expect([kinds(2), kinds(4)]).toEqual([['pack'], ['pack', 'invocation']]);
  });

  it('keeps an entry until all targets have been sent it, or are removed', () => {
    const store = createWithTarget('home', 'work');
    const countEntries = () => readBacklog(store.connection, { cursor: 0 }).entries;
    const finishes = { a: () => sendAll(store, 'work'), b: () => removeTarget(store.connection, 'work') };
    for (const [id, finish] of Object.entries(finishes)) {
      store.record({ invocation: sampleInvocation(id) });
      sendAll(store, 'home');
      expect([listWaiting(store, 'home'), listWaiting(store, 'work').length, countEntries()]).toEqual([[], 1, 1]);
      finish();
      expect(countEntries()).toBe(0);
    }
    expect(removeTarget(store.connection, 'work')).toBe(false);
  });
});

describe('a new target', () => {
  it('is sent all that was recorded before, and what was sent once more has a higher number', () => {
    const store = createStore();
    store.record({ invocation: sampleInvocation('a'), responses: [sampleResponse('1')] });
    importKeys(store, ['2']);
    const before = [...iterateAll(store.connection)].map(({ kind }) => kind);
    beginTarget(store.connection, { name: 'work', settings: 's' });
    const [first] = listEntries(store.connection, 0, ALL);
    expect(listEntries(store.connection, 0, ALL).map(({ kind }) => kind)).toEqual(before);
    beginTarget(store.connection, { name: 'work', settings: 't' });
    const [again] = listEntries(store.connection, 0, ALL);
    expect(again?.key).toBe(first?.key);
    expect(again?.seq).toBeGreaterThan(first?.seq ?? 0);
  });

  it('knows the database by the id that was made once, until it does not know the nonce', () => {
    const { connection } = createWithTarget();
    const id = readStoreId(connection);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    expect(readTarget(connection, 'work')).toMatchObject({ store: id, nonce: null });
    const renewed = beginTarget(connection, { name: 'work', settings: 's', store: 'renew' });
    expect(renewed.store).not.toBe(id);
    expect(readStoreId(connection)).toBe(id);
  });

  it('is given the same nonce again until it has answered', () => {
    const { connection } = createWithTarget();
    const nonce = prepareNonce(connection, 'work');
    expect(prepareNonce(connection, 'work')).toBe(nonce);
    confirmNonce(connection, 'work', { nonce, clockSkewMs: 12 });
    expect(prepareNonce(connection, 'work')).not.toBe(nonce);
    expect(listTargets(connection)).toMatchObject([{ name: 'work', nonce, clockSkewMs: 12, lastError: null }]);
  });

  it('is forgotten what it has refused, once it takes it', () => {
    const { connection } = createWithTarget();
    const row = { target: 'work', kind: 'response', id: 'r1', reason: '23514' };
    setRowAside(connection, row);
    setRowAside(connection, { ...row, id: 'r2' });
    takeBack(connection, 'work', ['r2', 'r3']);
    expect(listSetAside(connection)).toMatchObject([row]);
  });
});
