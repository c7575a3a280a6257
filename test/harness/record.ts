import { expect } from 'vitest';
import { openDatabase } from '../../src/store/driver.js';
import { type LedgerEntry, sumLedger } from '../scripted-api/ledger.js';
import type { Ended, Workbench } from './workbench.js';

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

export interface RecordedResponse {
  readonly responseKey: string;
  readonly threadId: string;
  readonly model: string;
  readonly serviceTier: string | null;
  readonly input: number;
  readonly cached: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
  readonly evidence: string;
  readonly source: string;
  readonly costNanoUsd: number | null;
}

export interface RecordedCost {
  readonly model: string;
  readonly source: string;
  readonly isActual: number;
  readonly input: number;
  readonly cached: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
}

const COUNTERS = `input_tokens AS input, cached_input_tokens AS cached, cache_write_tokens AS cacheWrite,
  output_tokens AS output, reasoning_tokens AS reasoning`;
const RESPONSE = `response_key AS responseKey, thread_id AS threadId, model, service_tier AS serviceTier, ${COUNTERS},
  evidence, source, cost_nano_usd AS costNanoUsd`;

/** Everything that is recorded, oldest invocation first. */
export function readRecord(database: string): RecordedInvocation[] {
  const connection = openDatabase(database, { readonly: true });
  try {
    const all = <T>(sql: string, ...values: unknown[]) => connection.prepare(sql).all(...values) as T[];
    return all<RecordedInvocation>(
      `SELECT id, project_id AS projectId, run_id AS runId, phase, iteration, command, thread_id AS threadId,
         status, exit_code AS exitCode, signal FROM invocations ORDER BY started_at_ms, rowid`,
    ).map((invocation) => ({
      ...invocation,
      responses: all<RecordedResponse>(
        `SELECT ${RESPONSE} FROM responses WHERE invocation_id = ? ORDER BY completed_at_ms, id`,
        invocation.id,
      ),
      costRecords: all<RecordedCost>(
        `SELECT model, source, is_actual AS isActual, ${COUNTERS} FROM cost_records WHERE invocation_id = ?`,
        invocation.id,
      ),
      notes: all(`SELECT kind, reason, figures FROM notes WHERE invocation_id = ? ORDER BY id`, invocation.id),
    }));
  } finally {
    connection.close();
  }
}

/** Every response that is recorded, whoever caused it. */
export function readResponses(database: string): RecordedResponse[] {
  const connection = openDatabase(database, { readonly: true });
  try {
    const sql = `SELECT ${RESPONSE} FROM responses ORDER BY thread_id, response_key`;
    return connection.prepare(sql).all() as RecordedResponse[];
  } finally {
    connection.close();
  }
}

/** What the reports over time add up to, in every bucket together. */
export function readBucketSums(database: string): Omit<RecordedCost, 'model' | 'source' | 'isActual'> {
  const connection = openDatabase(database, { readonly: true });
  try {
    return connection
      .prepare(
        `SELECT total(input_tokens) AS input, total(cached_input_tokens) AS cached,
           total(cache_write_tokens) AS cacheWrite, total(output_tokens) AS output,
           total(reasoning_tokens) AS reasoning FROM buckets`,
      )
      .get() as ReturnType<typeof readBucketSums>;
  } finally {
    connection.close();
  }
}

/** The model and the tier of each response that is recorded, oldest first. */
export function readResponseTiers({ database }: Pick<Workbench, 'database'>) {
  const connection = openDatabase(database, { readonly: true });
  const rows = connection.prepare(
    `SELECT response_key AS responseKey, model, service_tier AS serviceTier FROM responses ORDER BY completed_at_ms, id`,
  );
  const tiers = rows.all() as { responseKey: string; model: string; serviceTier: string | null }[];
  connection.close();
  return tiers;
}

function readInvocation(bench: Workbench, id: string | undefined): RecordedInvocation {
  const found = readRecord(bench.database).find((invocation) => invocation.id === id);
  if (!found) throw new Error(`no invocation ${id} is recorded`);
  return found;
}

/** The process that was started for what was recorded last. */
export function newestMeter({ database }: Pick<Workbench, 'database'>): number {
  const connection = openDatabase(database, { readonly: true });
  const row = connection.prepare('SELECT front_pid AS pid FROM invocations ORDER BY started_at_ms DESC LIMIT 1').get();
  connection.close();
  return (row as { pid: number }).pid;
}

/** The invocation that a run made. */
export function recordOf(bench: Workbench, { pid }: Pick<Ended, 'pid'>): RecordedInvocation {
  const connection = openDatabase(bench.database, { readonly: true });
  const row = connection.prepare('SELECT id FROM invocations WHERE front_pid = ?').get(pid) as
    | { id: string }
    | undefined;
  connection.close();
  if (!row) throw new Error(`no invocation is recorded for process ${pid}`);
  return readInvocation(bench, row.id);
}

/**
 * Asserts that the record of a run equals the API's ledger: the same responses with the same five counters and the
 * same model, in the order of each thread, all `actual`, and cost records that sum up to what the API billed.
 */
export function expectExact(
  bench: Workbench,
  run: Pick<Ended, 'ledger'> & ({ pid: number } | { id: string | undefined }),
): RecordedInvocation {
  const invocation = 'pid' in run ? recordOf(bench, run) : readInvocation(bench, run.id);
  const recorded = invocation.responses.map(
    ({ threadId, responseKey, model, source, input, cached, cacheWrite, output, reasoning }) => ({
      ...{ threadId, responseKey, model, source, input, cached, cacheWrite, output, reasoning },
    }),
  );
  expect(recorded.toSorted(byThread)).toEqual(run.ledger.map(toRecorded).toSorted(byThread));
  const billed = sumLedger(run.ledger);
  const booked = invocation.costRecords.filter(({ isActual }) => isActual === 1);
  expect(booked.reduce((sum, { input }) => sum + input, 0)).toBe(billed.input);
  expect(booked.reduce((sum, { cached }) => sum + cached, 0)).toBe(billed.cached);
  expect(booked.reduce((sum, { cacheWrite }) => sum + cacheWrite, 0)).toBe(billed.cacheWrite);
  expect(booked.reduce((sum, { output }) => sum + output, 0)).toBe(billed.output);
  expect(booked.reduce((sum, { reasoning }) => sum + reasoning, 0)).toBe(billed.reasoning);
  return invocation;
}

/**
 * The same for responses that are known from telemetry, which has no response ids: the counters and models are compared, thread
 * by thread, and no others are recorded.
 */
export function expectSameCounts(bench: Workbench, run: Pick<Ended, 'pid' | 'ledger'>): RecordedInvocation {
  const invocation = recordOf(bench, run);
  const recorded = invocation.responses.map(
    ({ threadId, model, source, input, cached, cacheWrite, output, reasoning }) => ({
      ...{ threadId, model, source, input, cached, cacheWrite, output, reasoning },
    }),
  );
  const billed = run.ledger.map(({ threadId, model, usage }) => ({ threadId, model, source: 'actual', ...usage }));
  expect(recorded).toHaveLength(billed.length);
  expect(recorded).toEqual(expect.arrayContaining(billed));
  return invocation;
}

function toRecorded({ threadId, responseId, model, usage }: LedgerEntry) {
  return { threadId, responseKey: responseId, model, source: 'actual', ...usage };
}

/** Threads work side by side: when a response of one ends and is written says nothing of the others'. */
function byThread(a: { threadId: string | undefined }, b: { threadId: string | undefined }): number {
  return String(a.threadId).localeCompare(String(b.threadId));
}
