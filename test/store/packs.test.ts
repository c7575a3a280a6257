import { describe, expect, it } from 'vitest';
import { iterateResponses } from '../../src/store/export-queries.js';
import { readEvidence } from '../../src/store/health.js';
import { openPack, Packer } from '../../src/store/pack.js';
import { unpackThreads } from '../../src/store/packs.js';
import { type RepricingOptions, reprice } from '../../src/store/repricing.js';
import { readCostliestSessions } from '../../src/store/session-queries.js';
import { readColumn, readRows, readValue } from '../../src/store/sql.js';
import type { Store } from '../../src/store/store.js';
import type { ModelResponse } from '../../src/usage/record.js';
import { createStore, importSessions, type SampleSession, START, sampleInvocation, sampleResponse } from './samples.js';

const QUARTER_MS = 900_000;
const HOUR_MS = 3_600_000;

/** A store into which `sessions` were imported, each in a transaction of one and the same import. */
function createImported(...sessions: readonly SampleSession[]): Store {
  const store = createStore();
  importSessions(store, ...sessions);
  return store;
}

const SUMS = 'sum(input_tokens) AS input, sum(output_tokens) AS output, sum(cost_nano_usd) AS cost';
const query = ({ connection }: Store, sql: string) => readRows<Record<string, unknown>>(connection, sql);
const count = ({ connection }: Store, table: string) => readValue(connection, `SELECT count(*) FROM ${table}`);
const keys = ({ connection }: Store, table: string) =>
  readColumn(connection, `SELECT response_key FROM ${table} ORDER BY 1`);
const sums = (store: Store, table: string) => query(store, `SELECT ${SUMS} FROM ${table}`);

const VARIED = [
  sampleResponse('r1'),
  sampleResponse('r2', { turnId: 'turn-2', rootTurnId: undefined, usage: { input: 9, cachedInput: 0, reasoning: 0 } }),
  sampleResponse('r3', { model: 'gpt-5.5', serviceTier: 'priority', evidence: 'token_count' }),
  sampleResponse('r4', {
    model: 'nobody "knows"',
    costNanoUsd: undefined,
    price: undefined,
    cacheWrite1h: 4,
    usage: { input: 11, cachedInput: 3, cacheWrite: 6, output: 7, reasoning: 5 },
  }),
  sampleResponse('total:1/2 "größer"\n', { turnId: undefined, completedAtMs: START + 2 * HOUR_MS, costNanoUsd: 0 }),
];

describe('responses that lie packed', () => {
  it('are in the view what they would be as rows, field by field', () => {
    const packed = createImported({ responses: VARIED });
    expect([count(packed, 'response_packs'), count(packed, 'response_rows')]).toEqual([1, 0]);
    const rows = createStore();
    rows.record({ invocation: sampleInvocation('a'), responses: VARIED });
    const all = 'SELECT * FROM responses ORDER BY response_key';
    const asRead = (row: object) => ({ ...row, id: 0, invocation_id: null, recorded_at_ms: 0 });
    expect(query(packed, all).map(asRead)).toEqual(query(rows, all).map(asRead));
  });

  it('are the same when they are opened one by one', () => {
    const packer = new Packer();
    for (const { costNanoUsd, price, ...response } of VARIED) packer.add(response, { costNanoUsd, price });
    const opened = packer.take().flatMap(openPack);
    expect(opened).toEqual(
      VARIED.map(({ costNanoUsd, price, ...response }) => ({
        response: { cacheWrite1h: 0, ...response, provider: 'codex' },
        bill: { costNanoUsd, price },
      })),
    );
    expect([packer.size, packer.take()]).toEqual([0, []]);
  });

  it('stay what they are when they are unpacked', () => {
    const store = createImported({ responses: VARIED });
    const all = 'SELECT * FROM responses ORDER BY response_key';
    const before = query(store, all);
    store.record({ invocation: sampleInvocation('a'), responses: [sampleResponse('new')] });
    const after = query(store, all).filter((row) => row.response_key !== 'new');
    expect(count(store, 'response_packs')).toBe(0);
    expect(after.map((row) => ({ ...row, id: null }))).toEqual(before);
  });

  it('give the invocation that has caused them their place, and are counted once', () => {
    const store = createImported({ responses: [sampleResponse('r1'), sampleResponse('r2')] });
    store.record({ invocation: sampleInvocation('a'), responses: [sampleResponse('r2'), sampleResponse('r3')] });
    expect(query(store, 'SELECT response_key AS k, invocation_id AS i FROM responses ORDER BY 1')).toEqual([
      { k: 'r1', i: null },
      { k: 'r2', i: 'a' },
      { k: 'r3', i: 'a' },
    ]);
    expect(sums(store, 'buckets')).toEqual(sums(store, 'responses'));
  });

  it('stay packed, and in the sums of their quarters of an hour, whatever else is metered then', () => {
    const later = { completedAtMs: START + QUARTER_MS + 60_000 };
    const store = createImported({ responses: [sampleResponse('r1'), sampleResponse('r2', later)] });
    const metered = ['m1', 'm2'].map((key) => sampleResponse(key, { threadId: 'metered', ...(key === 'm2' && later) }));
    store.record({ invocation: sampleInvocation('a'), responses: metered });
    expect([keys(store, 'response_rows'), keys(store, 'packed_responses')]).toEqual([
      ['m1', 'm2'],
      ['r1', 'r2'],
    ]);
    const byBucket = 'SELECT start_ms, sum(responses) AS n, sum(input_tokens) AS input FROM buckets GROUP BY 1';
    const byTime = `SELECT completed_at_ms / ${QUARTER_MS} * ${QUARTER_MS} AS start_ms, count(*) AS n,
      sum(input_tokens) AS input FROM responses GROUP BY 1`;
    expect(query(store, byBucket)).toEqual(query(store, byTime));
  });

  it.each([
    ['of its time are given to an invocation of their thread, as rows', 0, { packs: 0, assigned: 1 }],
    ['stay packed where none is of its time', HOUR_MS, { packs: 1, assigned: 0 }],
  ])('%s', (_, startsLaterMs, expected) => {
    const store = createImported({ responses: [sampleResponse('r1')] });
    const invocation = sampleInvocation('a', { startedAtMs: START + startsLaterMs });
    const update = { threadId: 'thread-1', status: 'completed', endedAtMs: START + startsLaterMs + 60_000 } as const;
    store.record({ invocation, update });
    const assigned = count(store, "responses WHERE invocation_id = 'a'");
    expect({ packs: count(store, 'response_packs'), assigned }).toEqual(expected);
  });

  const guess = { evidence: 'tokenizer', source: 'estimated', usage: { input: 3 } } as const;
  it.each([
    ['replace the counts of worse evidence', guess, {}],
    ['leave the counts of better evidence', {}, guess],
  ])('%s', (_, recorded, imported) => {
    const store = createStore();
    store.record({ invocation: sampleInvocation('a'), responses: [sampleResponse('r1', recorded)] });
    expect(importSessions(store, { responses: [sampleResponse('r1', imported)] })).toEqual([0]);
    const columns = 'invocation_id, source, input_tokens';
    const right = [{ invocation_id: 'a', source: 'actual', input_tokens: 1000 }];
    expect(query(store, `SELECT ${columns} FROM responses`)).toEqual(right);
    expect(query(store, `SELECT ${columns} FROM cost_records`)).toEqual(right);
    expect(sums(store, 'buckets')).toEqual(sums(store, 'responses'));
  });

  it('are several packs where one reading of a file tells them in parts', () => {
    const store = createImported({ responses: [sampleResponse('r1')] }, { responses: [sampleResponse('r2')] });
    expect([count(store, 'response_packs'), keys(store, 'responses')]).toEqual([2, ['r1', 'r2']]);
  });

  it('are counted once when another file, or a later reading, tells them again', () => {
    const store = createImported({ responses: [sampleResponse('r1'), sampleResponse('r2')] });
    const again = { responses: [sampleResponse('r2'), sampleResponse('r3')] };
    const archived = { ...again, path: 'archived/a.jsonl' };
    expect(importSessions(store, archived, archived)).toEqual([1, 0]);
    expect(importSessions(store, again)).toEqual([0]);
    expect(keys(store, 'responses')).toEqual(['r1', 'r2', 'r3']);
    expect(sums(store, 'buckets')).toEqual(sums(store, 'responses'));
    expect([count(store, 'response_packs'), count(store, 'response_rows')]).toEqual([2, 0]);
  });

  it('are exported and listed as far as they are of the time that is asked for', () => {
    const other = { threadId: 'other', path: 'b.jsonl', responses: [sampleResponse('o1')] };
    const { connection } = createImported({ responses: VARIED }, other);
    const filter = { fromMs: START + HOUR_MS, untilMs: START + 3 * HOUR_MS };
    expect([...iterateResponses(connection, filter)]).toMatchObject([{ responseKey: VARIED[4]?.key }]);
    const listSessions = (span: object) => {
      const rows = readCostliestSessions(connection, { ...span, limit: 9 });
      return Object.fromEntries(rows.map(({ sessionId, responses }) => [sessionId, responses]));
    };
    expect(listSessions(filter)).toEqual({ 'thread-1': 1 });
    expect(listSessions({})).toEqual({ 'thread-1': 5, other: 1 });
  });
});

describe('sums over sessions', () => {
  const spans = [
    {},
    { fromMs: START },
    { untilMs: START + HOUR_MS },
    { fromMs: START + HOUR_MS },
    { fromMs: START + HOUR_MS, untilMs: START + 9 * HOUR_MS, provider: 'codex' as const },
    { fromMs: START + 9 * HOUR_MS },
  ];

  it.each(spans)('are the same whether responses lie packed or not: %o', (span) => {
    const other = [sampleResponse('o1', { model: 'gpt-5.5' }), sampleResponse('o2', { source: 'parsed' })];
    const store = createImported({ responses: VARIED }, { threadId: 'other', path: 'b.jsonl', responses: other });
    const read = () => [
      readCostliestSessions(store.connection, { ...span, limit: 9 }).map((session) => {
        return { ...session, models: [...session.models].sort(), sources: [...session.sources].sort() };
      }),
      new Set(readEvidence(store.connection)),
    ];
    const packed = read();
    unpackThreads(store.connection, ['thread-1', 'other']);
    expect(count(store, 'response_packs')).toBe(0);
    expect(packed).toEqual(read());
  });
});

describe('repricing what lies packed', () => {
  const sevens = [sampleResponse('s1', { costNanoUsd: 7 })];
  const repriceAll = ({ connection }: Store, more: Partial<RepricingOptions> = {}) => {
    const priceOf = (response: ModelResponse) => ({ ...response, costNanoUsd: 7, price: { inputCostPer1kUsd: 1 } });
    return reprice(connection, { filter: {}, priceOf, mode: 'write', ...more });
  };

  it('makes rows of the sessions in which a cost changes, and of no others', () => {
    const store = createImported(
      { responses: [sampleResponse('r1'), sampleResponse('r2', { costNanoUsd: 7 })] },
      { threadId: 'later', path: 'b.jsonl', responses: sevens },
    );
    const { responses, changed } = repriceAll(store);
    expect([responses, changed.length]).toEqual([3, 1]);
    expect([keys(store, 'response_rows'), keys(store, 'packed_responses')]).toEqual([['r1', 'r2'], ['s1']]);
    expect(sums(store, 'buckets')).toMatchObject([{ cost: 21 }]);
    expect(query(store, 'SELECT cost_nano_usd AS cost FROM original_costs')).toEqual([{ cost: 2_600_000 }]);
  });

  it('counts each response once, also of a session in several packs and beside one that stays packed', () => {
    const many = Array.from({ length: 2000 }, (_, index) => sampleResponse(`r${index}`));
    const beside = { threadId: 'beside', path: 'b.jsonl', responses: sevens };
    const unchanged = sampleResponse('s2', { costNanoUsd: 7 });
    const store = createImported({ responses: [unchanged] }, { responses: many }, beside);
    const { responses, changed } = repriceAll(store);
    expect([responses, changed.length]).toEqual([2002, 2000]);
    expect(sums(store, 'buckets')).toMatchObject([{ cost: 7 * 2002 }]);
    expect(keys(store, 'packed_responses')).toEqual(['s1']);
  });

  it('changes nothing when it is only tried', () => {
    const store = createImported({ responses: [sampleResponse('r1')] });
    const { responses, changed } = repriceAll(store, { mode: 'dry-run' });
    expect([responses, changed]).toEqual([1, [{ model: 'gpt-5.3-codex', beforeNanoUsd: 2_600_000, afterNanoUsd: 7 }]]);
    expect([count(store, 'response_packs'), sums(store, 'buckets')]).toMatchObject([1, [{ cost: 2_600_000 }]]);
  });

  it('keeps to the time that is asked for', () => {
    const store = createImported({ responses: VARIED });
    const filter = { fromMs: START + HOUR_MS, untilMs: START + 3 * HOUR_MS };
    const { responses, changed } = repriceAll(store, { filter });
    expect([responses, changed.length]).toEqual([1, 1]);
  });
});
