import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BUCKET_MS, bucketStartOf } from '../../src/store/bucket-tally.js';
import { refreshBuckets } from '../../src/store/buckets.js';
import { openDatabase } from '../../src/store/driver.js';
import { openHistoryStore } from '../../src/store/history.js';
import { Packer } from '../../src/store/pack.js';
import type { PricedResponse } from '../../src/usage/record.js';
import { runUsage } from '../harness/codex-usage.js';
import { markAsEarlier } from './earlier.js';
import { createFolder, createStore, START, sampleInvocation, sampleResponse } from './samples.js';

/** A database of an earlier version, which took whatever it was given. */
function createEarlier(
  version: number,
  metered: readonly PricedResponse[],
  imported: readonly PricedResponse[],
): string {
  const path = join(createFolder(), 'usage.db');
  const store = createStore(path);
  store.record({
    invocation: sampleInvocation('a'),
    update: { status: 'completed', threadId: 'thread-1' },
    responses: metered,
  });
  const history = openHistoryStore(path, {
    busyTimeoutMs: 0,
    bill: () => ({ costNanoUsd: undefined, price: undefined }),
  });
  const packer = new Packer();
  for (const response of imported) packer.add({ ...response, threadId: 'old' }, response);
  const file = { path: '/x', provider: 'codex', threadId: 'old', sizeBytes: 1, modifiedAtMs: 1, readBytes: 1 } as const;
  const rest = { state: null, responses: imported.length, unreadableLines: 0, problem: null };
  history.write([{ file: { ...file, ...rest }, threads: [], packs: packer.take(), responses: [] }]);
  history.close();
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
    const read = (sql: string) => connection.prepare(sql).all();
    expect(read('SELECT response_key AS key, cost_nano_usd AS cost FROM responses ORDER BY 1')).toEqual([
      { key: 'i1', cost: 2_600_000 },
      { key: 'i5', cost: null },
      { key: 'm1', cost: 2_600_000 },
      { key: 'm3', cost: null },
      { key: 'm4', cost: 2_600_000 },
    ]);
    expect(read('SELECT kind, figures FROM notes ORDER BY kind')).toEqual([
      { kind: 'unpriced', figures: '{"responses":1}' },
      { kind: 'unreadable', figures: '{"responses":1}' },
    ]);
    expect(
      read(
        'SELECT responses, unpriced_responses AS unpriced, input_tokens AS input, cost_nano_usd AS cost FROM cost_records',
      ),
    ).toEqual([{ responses: 3, unpriced: 1, input: 3000, cost: 5_200_000 }]);
    const buckets = 'SELECT * FROM buckets ORDER BY start_ms, project_id';
    const mended = read(buckets);
    refreshBuckets(connection, [START, START + 3 * BUCKET_MS].map(bucketStartOf));
    expect(mended).toEqual(read(buckets));
    expect(connection.pragma('foreign_key_check')).toEqual([]);
    for (const args of [['session', '--list'], ['daily'], ['run', 'nightly-7']]) {
      const printed = await runUsage([...args, '--json'], { database: path, env: { TZ: 'UTC' } });
      expect(printed, printed.stderr + printed.stdout).toMatchObject({
        exitCode: 0,
      });
    }
  });

  it('is left as it is where it holds nothing of the kind', () => {
    const path = createEarlier(7, [sampleResponse('m1')], [sampleResponse('i1'), sampleResponse('i2', later)]);
    const { connection } = createStore(path);
    expect(connection.prepare('SELECT responses FROM response_packs').pluck().all()).toEqual([2]);
    expect(connection.prepare('SELECT count(*) FROM notes').pluck().get()).toBe(0);
  });
});
