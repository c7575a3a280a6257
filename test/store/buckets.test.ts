import { describe, expect, it } from 'vitest';
import { BUCKET_MS, bucketStartOf } from '../../src/store/bucket-tally.js';
import { readRow, readRows } from '../../src/store/sql.js';
import { createStore, START, sampleInvocation, sampleResponse } from './samples.js';

const SUMS = 'SELECT sum(input_tokens), sum(output_tokens), sum(cost_nano_usd) FROM';

describe('the buckets', () => {
  it('are the sums of what was recorded, by time, project, model and source', () => {
    const { connection, record } = createStore();
    const late = sampleResponse('2', { completedAtMs: START + BUCKET_MS });
    const other = sampleResponse('3', { model: 'gpt-6-sol' });
    record({ invocation: sampleInvocation('a'), responses: [sampleResponse('1'), late, other] });
    record({ invocation: sampleInvocation('b'), responses: [sampleResponse('4')] });
    const first = bucketStartOf(START);
    const shared = { project_id: 'shop', source: 'actual' };
    const buckets = 'SELECT start_ms, project_id, model, source, responses, input_tokens FROM buckets';
    expect(readRows(connection, buckets)).toEqual([
      { ...shared, start_ms: first, model: 'gpt-5.3-codex', responses: 2, input_tokens: 2000 },
      { ...shared, start_ms: first, model: 'gpt-6-sol', responses: 1, input_tokens: 1000 },
      { ...shared, start_ms: first + BUCKET_MS, model: 'gpt-5.3-codex', responses: 1, input_tokens: 1000 },
    ]);
    expect(readRow(connection, `${SUMS} buckets`)).toEqual(readRow(connection, `${SUMS} responses`));
  });

  it('begin where the days of every time zone do', () => {
    const kathmandu = Date.parse('2026-03-04T00:00:00+05:45');
    expect(bucketStartOf(kathmandu)).toBe(kathmandu);
    expect(bucketStartOf(kathmandu - 1)).toBe(kathmandu - BUCKET_MS);
  });
});
