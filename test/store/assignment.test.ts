import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parsePendingChange } from '../../src/formats/pending-change.js';
import { keepPending } from '../../src/store/pending.js';
import { takeInPending } from '../../src/store/pending-intake.js';
import { readRows } from '../../src/store/sql.js';
import type { Change, Store } from '../../src/store/store.js';
import type { Invocation, InvocationUpdate, PricedResponse } from '../../src/usage/record.js';
import { createFolder, createStore, START, sampleInvocation, sampleResponse } from './samples.js';

/** A client of an app-server, to which Codex told its thread's name, and the server, which holds the thread's file open. */
const CLIENT = sampleInvocation('client', { attribution: { runId: 'client-run', projectId: 'client-project' } });
const SERVER = sampleInvocation('server', { attribution: { runId: 'server-run', projectId: 'server-project' } });
const NAMED: InvocationUpdate = { threadId: 'thread-1', threadKnownBy: 'output' };
const SEEN: InvocationUpdate = { threadId: 'thread-1', threadKnownBy: 'file' };
const ENDED = START + 60_000;

const one = sampleResponse('resp-1');
const two = sampleResponse('resp-2', { completedAtMs: START + 2000 });

const rowsOf = ({ connection }: Store, sql: string) => readRows<object>(connection, sql);
/** The invocation that each response is assigned to, by its key. */
const readAssigned = (store: Store) =>
  Object.fromEntries(
    rowsOf(store, 'SELECT response_key, invocation_id FROM responses').map((row) => Object.values(row)),
  );

/** Asserts that cost records, buckets and what budgets read all say that the client has used two responses and nobody else any. */
function expectTheClients(store: Store): void {
  expect(readAssigned(store)).toEqual({ 'resp-1': 'client', 'resp-2': 'client' });
  expect(rowsOf(store, 'SELECT invocation_id, responses, input_tokens FROM cost_records')).toEqual([
    { invocation_id: 'client', responses: 2, input_tokens: 2000 },
  ]);
  expect(rowsOf(store, 'SELECT project_id, sum(responses) AS n FROM buckets GROUP BY project_id')).toEqual([
    { project_id: 'client-project', n: 2 },
  ]);
  const day = { startMs: Date.UTC(2026, 2, 4), endMs: Date.UTC(2026, 2, 5) };
  const spent = (scope: 'run' | 'day', { attribution }: Invocation) =>
    store.readSpent(scope, { ...attribution, invocationId: '', day }).tokens;
  expect([spent('run', CLIENT), spent('day', CLIENT)]).toEqual([2400, 2400]);
  expect([spent('run', SERVER), spent('day', SERVER)]).toEqual([0, 0]);
}

describe("a response that a client and its server have recorded is the client's", () => {
  const client: Change = { invocation: CLIENT, update: NAMED, responses: [one, two] };
  const server: Change = { invocation: SERVER, update: SEEN, responses: [one, two] };

  it.each([
    ['the client first', [client, server]],
    ['the server first', [server, client]],
    ['the server first, and again', [server, client, server]],
    ['in turns', [server, client, client, server].map((change, n) => ({ ...change, responses: [n < 2 ? one : two] }))],
  ])('%s', (_, changes) => {
    const store = createStore();
    for (const change of changes) store.record(change);
    expectTheClients(store);
    store.record({ invocation: SERVER, update: { status: 'completed', endedAtMs: ENDED } });
    store.record({ invocation: CLIENT, update: { status: 'completed', endedAtMs: ENDED } });
    expectTheClients(store);
  });

  it('also where the server alone has recorded it, when the client is named and when it ends', () => {
    const store = createStore();
    store.record({ invocation: CLIENT });
    store.record({ ...server, responses: [one] });
    expect(readAssigned(store)).toEqual({ 'resp-1': 'server' });
    store.record({ invocation: CLIENT, update: NAMED });
    expect(readAssigned(store)).toEqual({ 'resp-1': 'client' });
    store.record(server);
    expectTheClients(store);
  });

  it('also where what the client recorded was kept aside and is taken in later', async () => {
    const store = createStore();
    store.record(server);
    const folder = mkdtempSync(join(createFolder(), 'pending-'));
    const places = { pendingDirectory: folder, spareDirectory: join(folder, 'spare') };
    keepPending(places, { ...client, update: { ...NAMED, status: 'completed', endedAtMs: ENDED } });
    expect(await takeInPending(places, store, parsePendingChange)).toMatchObject({ taken: 1, refused: [] });
    expectTheClients(store);
  });

  it('of a child thread too, as soon as the client has recorded it', () => {
    const store = createStore();
    const child = sampleResponse('resp-3', { threadId: 'child' });
    store.record({ ...server, responses: [child] });
    store.record({ ...client, responses: [child] });
    store.record({ ...server, responses: [child] });
    expect(readAssigned(store)).toEqual({ 'resp-3': 'client' });
  });

  it('and keeps the better evidence, whoever had it', () => {
    const store = createStore();
    store.record({ ...server, responses: [one] });
    const worse = sampleResponse('resp-1', { evidence: 'token_count', usage: { input: 7 } });
    store.record({ ...client, responses: [worse] });
    expect(rowsOf(store, 'SELECT invocation_id, evidence, input_tokens FROM responses')).toEqual([
      { invocation_id: 'client', evidence: 'usage_record', input_tokens: 1000 },
    ]);
  });

  it('and tells who copies cost records elsewhere whose have changed', () => {
    const store = createStore();
    store.record(server);
    expect(store.takeChanged()).toEqual(['server']);
    store.record(client);
    expect(store.takeChanged().sort()).toEqual(['client', 'server']);
    expect(store.takeChanged()).toEqual([]);
  });
});

describe("a response of the client's thread", () => {
  const turnOf = (beganAtMs: number, rest: Partial<PricedResponse>) => {
    const hex = beganAtMs.toString(16).padStart(12, '0');
    const turnId = `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000001`;
    return sampleResponse(rest.key ?? '', { turnId, rootTurnId: turnId, ...rest });
  };

  it("is the client's after its end where its turn had begun before, and otherwise the server's", () => {
    const store = createStore();
    store.record({ invocation: CLIENT, update: { ...NAMED, status: 'interrupted', endedAtMs: ENDED } });
    const after = { completedAtMs: ENDED + 5000 };
    const responses = [
      turnOf(START + 10, { key: 'begun before', ...after }),
      turnOf(ENDED + 10, { key: 'begun after', ...after }),
      turnOf(START - 10, { key: 'begun by another', ...after }),
    ];
    store.record({ invocation: SERVER, update: SEEN, responses });
    const right = { 'begun before': 'client', 'begun after': 'server', 'begun by another': 'server' };
    expect(readAssigned(store)).toEqual(right);
  });

  it("is not the client's from before it started", () => {
    const store = createStore();
    store.record({ invocation: CLIENT, update: NAMED });
    const earlier = sampleResponse('resp-0', { completedAtMs: START - 1 });
    store.record({ invocation: { ...SERVER, startedAtMs: START - 1000 }, update: SEEN, responses: [earlier] });
    expect(readAssigned(store)).toEqual({ 'resp-0': 'server' });
  });

  it('stays with the first of two clients that were both told its name', () => {
    const store = createStore();
    store.record({ invocation: CLIENT, update: NAMED, responses: [one] });
    store.record({ invocation: sampleInvocation('later'), update: NAMED, responses: [one, two] });
    expect(readAssigned(store)).toEqual({ 'resp-1': 'client', 'resp-2': 'later' });
  });

  it('goes over to the client that resumed the thread from one that was abandoned and took all of it', () => {
    const store = createStore();
    const update = { ...NAMED, status: 'abandoned', endedAtMs: two.completedAtMs } as const;
    store.record({ invocation: sampleInvocation('killed'), update, responses: [one, two] });
    store.record({ invocation: { ...CLIENT, startedAtMs: START + 1500 }, update: NAMED, responses: [two] });
    expect(readAssigned(store)).toEqual({ 'resp-1': 'killed', 'resp-2': 'client' });
  });

  it('is left by the server to the client before either has written it', () => {
    const store = createStore();
    store.record({ invocation: CLIENT, update: NAMED });
    store.record({ invocation: SERVER, update: SEEN });
    const recorded = [
      ['thread-1', 'resp-1', START + 1, undefined],
      ['thread-1', 'resp-0', START - 1, undefined],
      ['thread-2', 'resp-2', START + 1, undefined],
    ] as const;
    expect(store.findAssignedElsewhere('server', recorded)).toEqual([0]);
    expect(store.findAssignedElsewhere('client', recorded)).toEqual([]);
  });

  it('is left to it by the server also where it is of a child that an import has read', () => {
    const store = createStore();
    store.record({ invocation: CLIENT, update: NAMED });
    store.record({ invocation: SERVER, update: SEEN });
    store.connection.exec(`INSERT INTO threads (id, provider, root_id, project_id, kind, started_at_ms)
      VALUES ('child', 'codex', 'thread-1', 'shop', 'subagent', ${START}), ('fork', 'codex', 'thread-1', 'shop', 'main', ${START})`);
    const recorded = ['child', 'fork'].map((threadId) => [threadId, 'resp-1', START + 1, undefined] as const);
    expect(store.findAssignedElsewhere('server', recorded)).toEqual([0]);
  });
});

describe('what stands in for a session file', () => {
  const standIn = sampleResponse('turn_completed:client', { evidence: 'turn_completed', completedAtMs: ENDED });

  it.each([
    ['the server has recorded the file before the client ends', 'before'],
    ['the server records the file after the client has ended', 'after'],
  ])('for a client goes where %s', (_, order) => {
    const store = createStore();
    store.record({ invocation: CLIENT, update: NAMED });
    const server = () => store.record({ invocation: SERVER, update: SEEN, responses: [one, two] });
    if (order === 'before') server();
    const update = { ...NAMED, status: 'completed', endedAtMs: ENDED } as const;
    store.record({ invocation: CLIENT, responses: [standIn] });
    store.record({ invocation: CLIENT, update });
    if (order === 'after') server();
    expectTheClients(store);
    expect(rowsOf(store, "SELECT 1 FROM notes WHERE reason LIKE 'a session file was read later%'")).toHaveLength(1);
  });

  it.each(['running', 'abandoned'] as const)(
    'goes when its invocation finds its file late, while it is %s',
    (status) => {
      const store = createStore();
      const update = { ...SEEN, status, ...(status === 'abandoned' && { endedAtMs: ENDED }) };
      store.record({ invocation: CLIENT, responses: [sampleResponse('otel:client:1', { evidence: 'otel' })] });
      store.record({ invocation: CLIENT, update, responses: [one, two] });
      expectTheClients(store);
    },
  );

  it('goes again where a change that was kept aside brings it back', () => {
    const store = createStore();
    const change = { invocation: CLIENT, update: NAMED, responses: [standIn] };
    store.record(change);
    store.record({ invocation: CLIENT, responses: [one, two] });
    store.record(change);
    store.record({ ...change, responses: [standIn, one] });
    expectTheClients(store);
  });
});
