import { describe, expect } from 'vitest';
import { importHistory } from '../../src/history/import.js';
import { openStore } from '../../src/store/store.js';
import { expectExact, readRecord } from '../harness/record.js';
import { test } from '../harness/test.js';
import type { Workbench } from '../harness/workbench.js';
import { sumLedger } from '../scripted-api/ledger.js';
import { LOOP } from '../scripted-api/scenarios.js';
import { query, SUMS } from './sessions.js';

const importFrom = ({ database, codexHome }: Workbench) =>
  importHistory({ database, homes: { codex: [codexHome], claude: [] } });

const readSums = ({ database }: Workbench, table: 'responses' | 'buckets') =>
  query(database, `SELECT ${SUMS} FROM ${table}`)[0];

describe('an import and a metered run meet in the same rows', () => {
  test('when the run was first', async ({ bench }) => {
    bench.api.add(LOOP);
    const run = await bench.run(['exec', '--json', 'loop']);
    expect(await importFrom(bench)).toMatchObject({ files: 1, added: 0, duplicates: 2, problems: [] });
    expectExact(bench, run);
    expect(readSums(bench, 'buckets')).toEqual(sumLedger(run.ledger));
  });

  test('when the import has to find what the run did not record', async ({ bench }) => {
    bench.api.add(LOOP);
    const metered = await bench.run(['exec', '--json', 'loop']);
    const [recorded] = readRecord(bench.database);
    const store = openStore(bench.database, { mode: 'write', busyTimeoutMs: 5000 });
    // As if nothing of the run had been recorded but that it ran.
    store.connection.exec('DELETE FROM cost_records; DELETE FROM buckets; DELETE FROM response_rows');
    store.close();
    expect(await importFrom(bench)).toMatchObject({ added: 2 });
    expectExact(bench, metered);
    const resumed = await bench.run(['exec', 'resume', '--last', '--json', 'loop']);
    expectExact(bench, resumed);
    expect(recorded?.responses).toHaveLength(2);
    expect(await importFrom(bench)).toMatchObject({ added: 0 });
    expect(readSums(bench, 'buckets')).toEqual(sumLedger([...metered.ledger, ...resumed.ledger]));
  });

  test('of Codex that nobody metered, whose responses equal the ledger', async ({ bench }) => {
    bench.api.add(LOOP);
    const first = await bench.run(['exec', '--json', 'loop'], { direct: true });
    expect(await importFrom(bench)).toMatchObject({ added: 2, duplicates: 0 });
    const fork = await bench.run(['exec', 'resume', '--last', '--json', 'loop'], { direct: true });
    expect(await importFrom(bench)).toMatchObject({ filesRead: 1, added: 2, duplicates: 0 });
    const billed = sumLedger([...first.ledger, ...fork.ledger]);
    expect(readSums(bench, 'responses')).toEqual(billed);
    expect(readSums(bench, 'buckets')).toEqual(billed);
  });
});
