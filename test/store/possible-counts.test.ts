import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BUCKET_MS, bucketStartOf } from '../../src/store/bucket-tally.js';
import { refreshBuckets } from '../../src/store/buckets.js';
import { openDatabase } from '../../src/store/driver.js';
import { readRows, readValue } from '../../src/store/sql.js';
import type { PricedResponse } from '../../src/usage/record.js';
import { runUsage } from '../harness/codex-usage.js';
import { markAsEarlier } from './earlier.js';
import { createFolder, createStore, importSessions, START, sampleInvocation, sampleResponse } from './samples.js';

/** A database of an earlier version, which took whatever it was given. */
function createEarlier(
  version: number,
  metered: readonly PricedResponse[],
  imported: readonly PricedResponse[],
): string {
  const path = join(createFolder(), 'usage.db');
  const store = createStore(path);
  const update = { status: 'completed', threadId: 'thread-1' } as const;
  store.record({ invocation: sampleInvocation('a'), update, responses: metered });
  importSessions(store, { threadId: 'old', projectId: 'unknown', responses: imported });
  const earlier = openDatabase(path);
  markAsEarlier(earlier, version);
  earlier.close();
  return path;
}

const later = { completedAtMs: START + 3 * BUCKET_MS };
const dear = (key: string, more = {}) => sampleResponse(key, { costNanoUsd: 2e18, ...more });
const large = (key: string, more = {}) =>
  sampleResponse(key, { usage: { input: 2 ** 50 }, costNanoUsd: 2e18, ...more });

describe('a database in which an earlier version recorded counts and costs that cannot be', () => {
  it.each([2, 7])('loses what cannot be, and keeps and adds up all else: version %i', async (version) => {
    const metered = [sampleResponse('m1'), large('m2'), dear('m3'), sampleResponse('m4', later)];
    const imported = [sampleResponse('i1'), ...['2', '3', '4'].map((key) => large(`i${key}`)), dear('i5', later)];
    const path = createEarlier(version, metered, imported);
    const { connection } = createStore(path);
    const read = (sql: string) => readRows<object>(connection, sql);
    const costs = read('SELECT response_key, cost_nano_usd FROM responses ORDER BY 1').map((row) => Object.values(row));
    expect(Object.fromEntries(costs)).toEqual({ i1: 2_600_000, i5: null, m1: 2_600_000, m3: null, m4: 2_600_000 });
    expect(read('SELECT kind, figures FROM notes ORDER BY kind')).toEqual([
      { kind: 'unpriced', figures: '{"responses":1}' },
      { kind: 'unreadable', figures: '{"responses":1}' },
    ]);
    const records = 'SELECT responses, unpriced_responses AS unpriced, input_tokens AS input, cost_nano_usd AS cost';
    expect(read(`${records} FROM cost_records`)).toEqual([{ responses: 3, unpriced: 1, input: 3000, cost: 5_200_000 }]);
    const buckets = 'SELECT * FROM buckets ORDER BY start_ms, project_id';
    const mended = read(buckets);
    refreshBuckets(connection, [START, START + 3 * BUCKET_MS].map(bucketStartOf));
    expect(mended).toEqual(read(buckets));
    expect(connection.pragma('foreign_key_check')).toEqual([]);
    for (const args of [['session', '--list'], ['daily'], ['run', 'nightly-7']]) {
      const printed = await runUsage([...args, '--json'], { database: path, env: { TZ: 'UTC' } });
      expect(printed, printed.stderr + printed.stdout).toMatchObject({ exitCode: 0 });
    }
  });

  it('is left as it is where it holds nothing of the kind', () => {
    const path = createEarlier(7, [sampleResponse('m1')], [sampleResponse('i1'), sampleResponse('i2', later)]);
    const { connection } = createStore(path);
    expect(readValue(connection, 'SELECT responses FROM response_packs')).toBe(2);
    expect(readValue(connection, 'SELECT count(*) FROM notes')).toBe(0);
  });
});
