import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { readRows } from '../../src/store/sql.js';
import type { Store } from '../../src/store/store.js';
import { createFolder, createStore, START, sampleInvocation, sampleResponse } from './samples.js';

const RECORD_LOOP = fileURLToPath(new URL('record-loop.ts', import.meta.url));

const rowsOf = ({ connection }: Store, sql: string) => readRows<object>(connection, sql);

describe('the iteration of an invocation', () => {
  it('is the one it came with', () => {
    const store = createStore();
    expect(store.record({ invocation: sampleInvocation('a', { attribution: { iteration: 7 } }) })).toBe(7);
  });

  it('is otherwise the number after the highest of its project, run and phase', () => {
    const store = createStore();
    store.record({ invocation: sampleInvocation('a', { attribution: { iteration: 3 } }) });
    const others = [{ projectId: 'other' }, { runId: 'other' }, { phase: 'reviewer' as const }];
    const given = others.map((attribution, index) => {
      return store.record({ invocation: sampleInvocation(`other-${index}`, { attribution }) });
    });
    expect(given).toEqual([1, 1, 1]);
    expect(store.record({ invocation: sampleInvocation('b') })).toBe(4);
  });

  it('stays when the invocation is recorded again', () => {
    const store = createStore();
    store.record({ invocation: sampleInvocation('a') });
    store.record({ invocation: sampleInvocation('b') });
    expect(store.record({ invocation: sampleInvocation('a'), update: { status: 'completed' } })).toBe(1);
  });

  it('is given once, also to processes that record at once in a database that is not there yet', async () => {
    const path = join(createFolder(), 'usage.db');
    const loops = ['p', 'q', 'r'].map((name) => execa('node', ['--import', 'tsx', RECORD_LOOP, path, name, '15']));
    const printed = await Promise.all(loops);
    const iterations = printed.flatMap(({ stdout }) => stdout.split('\n').map(Number));
    expect(iterations.sort((a, b) => a - b)).toEqual(Array.from({ length: 45 }, (_, index) => index + 1));
    const [sums] = rowsOf(createStore(path), 'SELECT count(*) AS n, sum(input_tokens) AS input FROM cost_records');
    expect(sums).toEqual({ n: 45, input: 45_000 });
  });
});

describe('what becomes known of an invocation', () => {
  it('is kept, and what a later update does not say stays', () => {
    const store = createStore();
    const invocation = sampleInvocation('a');
    store.record({ invocation, update: { threadId: 'thread-1', contextTokens: 900, contextWindowTokens: 1000 } });
    store.record({
      invocation,
      update: { status: 'failed', exitCode: 1, endedAtMs: START + 5000, contextTokens: 950 },
    });
    expect(rowsOf(store, 'SELECT * FROM invocations')).toMatchObject([
      {
        ...{ thread_id: 'thread-1', status: 'failed', exit_code: 1, signal: null, ended_at_ms: START + 5000 },
        ...{ context_tokens: 950, context_window_tokens: 1000 },
      },
    ]);
  });

  it('is written whole or not at all', () => {
    const store = createStore();
    const broken = { ...sampleResponse('resp-2'), model: undefined as unknown as string };
    const change = { invocation: sampleInvocation('a'), responses: [sampleResponse('resp-1'), broken] };
    expect(() => store.record(change)).toThrow();
    expect(rowsOf(store, 'SELECT id FROM invocations UNION ALL SELECT id FROM responses')).toEqual([]);
  });

  it('holds a note once, however often its change is applied', () => {
    const store = createStore();
    const note = { kind: 'fallback', reason: 'no session file', figures: { turns: 2 } } as const;
    const change = { invocation: sampleInvocation('a'), notes: [note] };
    store.record(change);
    store.record(change);
    expect(rowsOf(store, 'SELECT kind, reason, figures FROM notes')).toEqual([{ ...note, figures: '{"turns":2}' }]);
  });
});

describe('a response', () => {
  it('is counted once, however often it is recorded', () => {
    const store = createStore();
    const change = { invocation: sampleInvocation('a'), responses: [sampleResponse('resp-1')] };
    store.record(change);
    store.record(change);
    expect(rowsOf(store, 'SELECT responses, input_tokens FROM cost_records')).toEqual([
      { responses: 1, input_tokens: 1000 },
    ]);
  });

  it('that another invocation has recorded stays there', () => {
    const store = createStore();
    store.record({ invocation: sampleInvocation('a'), responses: [sampleResponse('resp-1')] });
    const responses = [sampleResponse('resp-1'), sampleResponse('resp-2')];
    store.record({ invocation: sampleInvocation('b'), responses });
    expect(rowsOf(store, 'SELECT response_key, invocation_id FROM responses ORDER BY id')).toEqual([
      { response_key: 'resp-1', invocation_id: 'a' },
      { response_key: 'resp-2', invocation_id: 'b' },
    ]);
  });

  it('of the same key in another thread is another response', () => {
    const store = createStore();
    const twin = sampleResponse('resp-1', { threadId: 'thread-2' });
    store.record({ invocation: sampleInvocation('a'), responses: [sampleResponse('resp-1'), twin] });
    expect(rowsOf(store, 'SELECT responses FROM cost_records')).toEqual([{ responses: 2 }]);
  });

  it('gives way to better evidence of another invocation, and cost records and buckets follow', () => {
    const store = createStore();
    const guess = sampleResponse('resp-1', { evidence: 'tokenizer', source: 'estimated', usage: { input: 5 } });
    store.record({ invocation: sampleInvocation('a'), responses: [guess] });
    store.record({ invocation: sampleInvocation('b'), responses: [sampleResponse('resp-1')] });
    expect(rowsOf(store, 'SELECT invocation_id, source, input_tokens FROM cost_records')).toEqual([
      { invocation_id: 'a', source: 'actual', input_tokens: 1000 },
    ]);
    expect(rowsOf(store, 'SELECT source, responses, input_tokens FROM buckets')).toEqual([
      { source: 'actual', responses: 1, input_tokens: 1000 },
    ]);
  });

  it('does not give way to evidence that is worse', () => {
    const store = createStore();
    const guess = sampleResponse('resp-1', { evidence: 'turn_completed', source: 'parsed', usage: { input: 5 } });
    store.record({ invocation: sampleInvocation('a'), responses: [sampleResponse('resp-1')] });
    store.record({ invocation: sampleInvocation('a'), responses: [guess] });
    expect(rowsOf(store, 'SELECT evidence, input_tokens FROM responses')).toEqual([
      { evidence: 'usage_record', input_tokens: 1000 },
    ]);
  });
});
