import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { StoreError } from '../../src/errors.js';
import {
  readInvocations,
  readModels,
  readNotes,
  readResponses,
  readSnapshot,
  type Scope,
} from '../../src/store/queries.js';
import { findProjectAt, findProjects, findScopes, findSessionsOfChild, readSummary } from '../../src/store/scopes.js';
import { openStore } from '../../src/store/store.js';
import { createFolder, createStore, START, sampleInvocation, sampleResponse } from './samples.js';

const RUN: Scope = { kind: 'run', projectId: 'shop', runId: 'nightly-7' };
const NO_FILTER = { limit: 10 };
const runsOf = (scopes: readonly Scope[]) => scopes.map((scope) => scope.kind === 'run' && scope.runId);

describe('reading a scope', () => {
  it('finds the invocations of a run in their order, without those of the same run id elsewhere', () => {
    const { connection, record } = createStore();
    record({ invocation: sampleInvocation('late', { startedAtMs: START + 1000 }) });
    record({ invocation: sampleInvocation('early') });
    record({ invocation: sampleInvocation('elsewhere', { attribution: { projectId: 'other' } }) });
    const rows = readInvocations(connection, RUN);
    expect(rows.map(({ id, iteration }) => [id, iteration])).toEqual([
      ['early', 2],
      ['late', 1],
    ]);
    expect(rows[0]?.origins).toEqual(sampleInvocation('early').attribution.origins);
  });

  it('sums responses per model and source, with the threads and the evidence they came from', () => {
    const { connection, record } = createStore();
    const child = sampleResponse('resp-2', { threadId: 'child', evidence: 'token_count' });
    const mini = sampleResponse('resp-3', { model: 'mini', costNanoUsd: undefined });
    record({ invocation: sampleInvocation('a'), responses: [sampleResponse('resp-1'), child, mini] });
    const [codex, small] = readModels(connection, RUN);
    expect(codex).toMatchObject({ model: 'gpt-5.3-codex', input: 2000, responses: 2, unpricedResponses: 0 });
    expect(codex?.threadIds.toSorted()).toEqual(['child', 'thread-1']);
    expect(codex?.evidence.toSorted()).toEqual(['token_count', 'usage_record']);
    expect(small).toMatchObject({ model: 'mini', unpricedResponses: 1, costNanoUsd: null });
  });

  it('gives responses with the price they were made with, and notes with their figures', () => {
    const { connection, record } = createStore();
    const notes = [{ kind: 'fault', reason: 'the sink closed', figures: { port: 4318, missing: undefined } }] as const;
    record({ invocation: sampleInvocation('a'), responses: [sampleResponse('resp-1')], notes });
    expect(readResponses(connection, RUN)[0]?.price).toEqual({ inputCostPer1kUsd: 0.001, outputCostPer1kUsd: 0.008 });
    expect(readNotes(connection, RUN)).toMatchObject([{ kind: 'fault', figures: { port: 4318 } }]);
  });

  it('sees one state of the database, whatever is written meanwhile', () => {
    const path = join(createFolder(), 'usage.db');
    const writer = createStore(path);
    writer.record({ invocation: sampleInvocation('a') });
    const reader = openStore(path, { mode: 'read' });
    const seen = readSnapshot(reader, (connection) => {
      const before = readInvocations(connection, RUN).length;
      writer.record({ invocation: sampleInvocation('b') });
      return [before, readInvocations(connection, RUN).length];
    });
    expect(seen).toEqual([1, 1]);
    expect(readSnapshot(reader, (connection) => readInvocations(connection, RUN).length)).toBe(2);
    reader.close();
  });

  it('turns a fault of SQLite into a StoreError and lets other errors through', () => {
    const store = createStore();
    expect(() => readSnapshot(store, (connection) => connection.exec('SELECT * FROM nowhere'))).toThrow(StoreError);
    const ours = new RangeError('ours');
    const failing = () => {
      throw ours;
    };
    expect(() => readSnapshot(store, failing)).toThrow(ours);
  });
});

describe('finding runs and sessions', () => {
  it('puts those with the newest invocation first', () => {
    const { connection, record } = createStore();
    const at = (ms: number, runId: string) => ({ startedAtMs: START + ms, attribution: { runId } });
    record({ invocation: sampleInvocation('1', at(10, 'resumed')) });
    record({ invocation: sampleInvocation('2', at(20, 'other')) });
    record({ invocation: sampleInvocation('3', at(30, 'resumed')) });
    expect(runsOf(findScopes(connection, 'run', NO_FILTER))).toEqual(['resumed', 'other']);
  });

  it('takes the characters of a prefix for what they are', () => {
    const { connection, record } = createStore();
    for (const runId of ['a_b', 'axb', 'a_', 'A_b', 'été']) {
      record({ invocation: sampleInvocation(runId, { attribution: { runId } }) });
    }
    const find = (prefix: string) => runsOf(findScopes(connection, 'run', { ...NO_FILTER, prefix }));
    expect(find('a_').toSorted()).toEqual(['a_', 'a_b']);
    expect(find('ét')).toEqual(['été']);
    expect(find('%')).toEqual([]);
  });

  it('leaves invocations without a thread out of the sessions', () => {
    const { connection, record } = createStore();
    record({ invocation: sampleInvocation('a') });
    record({ invocation: sampleInvocation('b'), update: { threadId: 'thread-1' } });
    expect(findScopes(connection, 'session', NO_FILTER)).toEqual([{ kind: 'session', threadId: 'thread-1' }]);
  });

  it('sums up a run without responses as nothing used, and its end as open', () => {
    const { connection, record } = createStore();
    record({ invocation: sampleInvocation('a'), update: { status: 'completed', endedAtMs: START + 5 } });
    record({ invocation: sampleInvocation('b', { startedAtMs: START + 10 }) });
    expect(readSummary(connection, RUN)).toMatchObject({
      ...{ responses: 0, input: 0, costNanoUsd: null, models: [], sources: [], projectIds: ['shop'] },
      ...{ startedAtMs: START, latestAtMs: START + 10, endedAtMs: null },
    });
  });

  it('knows the session of a child thread', () => {
    const { connection, record } = createStore();
    const responses = [sampleResponse('resp-1'), sampleResponse('resp-2', { threadId: 'child-1' })];
    record({ invocation: sampleInvocation('a'), update: { threadId: 'thread-1' }, responses });
    const session = { kind: 'session', threadId: 'thread-1' };
    expect(findSessionsOfChild(connection, 'child')).toEqual([session]);
    expect(findSessionsOfChild(connection, 'thread')).toEqual([]);
  });
});

describe('the project of a place', () => {
  const shop = { directory: '/home/ada/shop', below: '/home/ada/shop/', projectId: 'unheard of' };

  it.each([
    ['is that of the newest invocation in the directory or below it', '/home/ada/shop/api', {}, 'shop'],
    ['is not that of a directory with a longer name', '/home/ada/shopping', {}, undefined],
    [
      'is not that of a folder in it where these are not asked for',
      '/home/ada/shop/api',
      { below: undefined },
      undefined,
    ],
    ['is known by name wherever it ran', '/srv/runner', { projectId: 'shop' }, 'shop'],
  ])('%s', (_, cwd, place, found) => {
    const { connection, record } = createStore();
    record({ invocation: sampleInvocation('a', { cwd }) });
    expect(findProjectAt(connection, { ...shop, ...place })).toBe(found);
    expect(findProjects(connection)).toEqual(['shop']);
  });
});
