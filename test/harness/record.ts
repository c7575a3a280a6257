import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { openDatabase } from '../../src/store/driver.js';
import { type LedgerEntry, sumLedger } from '../scripted-api/ledger.js';
import type { ReportedUsage } from '../scripted-api/script.js';
import type { Ended, Workbench } from './workbench.js';

type Counters = Readonly<Required<ReportedUsage>>;

export interface RecordedInvocation {
  readonly id: string;
  readonly projectId: string;
  readonly runId: string;
  readonly phase: string;
  readonly iteration: number;
  readonly command: string;
  readonly threadId: string | null;
  readonly status: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly responses: RecordedResponse[];
  readonly costRecords: RecordedCost[];
  readonly notes: { kind: string; reason: string; figures: string }[];
}

export interface RecordedResponse extends Counters {
  readonly responseKey: string;
  readonly threadId: string;
  readonly model: string;
  readonly serviceTier: string | null;
  readonly evidence: string;
  readonly source: string;
  readonly costNanoUsd: number | null;
}

interface RecordedCost extends Counters {
  readonly model: string;
  readonly source: string;
  readonly isActual: number;
}

const COUNTERS = `input_tokens AS input, cached_input_tokens AS cached, cache_write_tokens AS cacheWrite,
  output_tokens AS output, reasoning_tokens AS reasoning`;
const RESPONSE = `response_key AS responseKey, thread_id AS threadId, model, service_tier AS serviceTier, ${COUNTERS},
  evidence, source, cost_nano_usd AS costNanoUsd`;

/** The rows that a query finds in a database, which is opened for it alone. */
export function query<Row>(database: string, sql: string, ...values: unknown[]): Row[] {
  const connection = openDatabase(database, { readonly: true });
  try {
    return connection.prepare(sql).all(...values) as Row[];
  } finally {
    connection.close();
  }
}

/** Everything that is recorded, oldest invocation first. */
export function readRecord(database: string): RecordedInvocation[] {
  const invocations = query<RecordedInvocation>(
    database,
    `SELECT id, project_id AS projectId, run_id AS runId, phase, iteration, command, thread_id AS threadId,
       status, exit_code AS exitCode, signal FROM invocations ORDER BY started_at_ms, rowid`,
  );
  const find = <Row>({ id }: RecordedInvocation, columns: string, table: string, order: string) =>
    query<Row>(database, `SELECT ${columns} FROM ${table} WHERE invocation_id = ? ORDER BY ${order}`, id);
  return invocations.map((one) => ({
    ...one,
    responses: find(one, RESPONSE, 'responses', 'completed_at_ms, id'),
    costRecords: find(one, `model, source, is_actual AS isActual, ${COUNTERS}`, 'cost_records', 'rowid'),
    notes: find(one, 'kind, reason, figures', 'notes', 'id'),
  }));
}

/** What a meter that works has recorded so far: nothing while it still makes the database. */
export function readRecordSoFar({ database }: Pick<Workbench, 'database'>): RecordedInvocation[] {
  try {
    return readRecord(database);
  } catch {
    return [];
  }
}

/** How many responses are recorded so far, of all invocations. */
export function countResponses(bench: Pick<Workbench, 'database'>): number {
  return readRecordSoFar(bench).flatMap(({ responses }) => responses).length;
}

/** Every response that is recorded, whoever caused it. */
export function readResponses(database: string): RecordedResponse[] {
  return query(database, `SELECT ${RESPONSE} FROM responses ORDER BY thread_id, response_key`);
}

/** What the reports over time add up to, in every bucket together. */
export function readBucketSums(database: string): Counters {
  const sums = COUNTERS.replaceAll(/\w+(?= AS)/g, 'total($&)');
  return query<Counters>(database, `SELECT ${sums} FROM buckets`)[0] as Counters;
}

/** The lines of the log. Each must be JSON. */
export function readLog({
  stateFolder,
}: Pick<Workbench, 'stateFolder'>): { level: number; msg: string; reason?: string }[] {
  const lines = readFileSync(join(stateFolder, 'codex-metered.log'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line));
}

/** The front of what was recorded last. */
export function newestMeter({ database }: Pick<Workbench, 'database'>): number {
  const sql = 'SELECT front_pid AS pid FROM invocations ORDER BY started_at_ms DESC LIMIT 1';
  return Number(query<{ pid: number }>(database, sql)[0]?.pid);
}

/** The invocation that a run made, of which the process or the id is known. */
export function recordOf(bench: Workbench, run: { pid: number } | { id: string | undefined }): RecordedInvocation {
  const id =
    'pid' in run
      ? query<{ id: string }>(bench.database, 'SELECT id FROM invocations WHERE front_pid = ?', run.pid)[0]?.id
      : run.id;
  const found = readRecord(bench.database).find((invocation) => invocation.id === id);
  if (!found) throw new Error(`no invocation is recorded for ${JSON.stringify(run)}`);
  return found;
}

/** The part of a run on a bench where several work at once: what the API reported of its own thread. */
export function ofItsThread<Run extends Pick<Ended, 'pid' | 'ledger'>>(bench: Workbench, run: Run): Run {
  const { threadId } = recordOf(bench, run);
  return { ...run, ledger: bench.api.ledger.filter((entry) => entry.threadId === threadId) };
}

/**
 * Asserts that the record of a run equals the API's ledger: the same responses with the same five counters and the
 * same model, in the order of each thread, all `actual`, and cost records that sum up to what the API billed. `responses`
 * is how many they must be.
 */
export function expectExact(
  bench: Workbench,
  run: Pick<Ended, 'ledger'> & ({ pid: number } | { id: string | undefined }),
  responses = run.ledger.length,
): RecordedInvocation {
  expect(run.ledger).toHaveLength(responses);
  const invocation = recordOf(bench, run);
  const billed = run.ledger.map((entry) => ({ responseKey: entry.responseId, ...toBilled(entry) }));
  const recorded = invocation.responses.map((one) => ({ responseKey: one.responseKey, ...toCompared(one) }));
  expect(recorded.toSorted(byThread)).toEqual(billed.toSorted(byThread));
  const actual = invocation.costRecords.filter(({ isActual }) => isActual === 1);
  expect(sumLedger(actual.map((usage) => ({ usage })))).toEqual(sumLedger(run.ledger));
  return invocation;
}

/**
 * The same for responses that are known from telemetry, which has no response ids: the counters and models are compared, thread
 * by thread, and no others are recorded.
 */
export function expectSameCounts(
  bench: Workbench,
  run: Pick<Ended, 'pid' | 'ledger'>,
  responses = run.ledger.length,
): RecordedInvocation {
  expect(run.ledger).toHaveLength(responses);
  const invocation = recordOf(bench, run);
  expect(invocation.responses).toHaveLength(run.ledger.length);
  expect(invocation.responses.map(toCompared)).toEqual(expect.arrayContaining(run.ledger.map(toBilled)));
  return invocation;
}

function toCompared(response: RecordedResponse) {
  const { threadId, model, source, input, cached, cacheWrite, output, reasoning } = response;
  return { threadId, model, source, input, cached, cacheWrite, output, reasoning };
}

function toBilled({ threadId, model, usage }: LedgerEntry) {
  return { threadId, model, source: 'actual', ...usage };
}

/** Threads work side by side: when a response of one ends and is written says nothing of the others'. */
function byThread(a: { threadId: string | undefined }, b: { threadId: string | undefined }): number {
  return String(a.threadId).localeCompare(String(b.threadId));
}
