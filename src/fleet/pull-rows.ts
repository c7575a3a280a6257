import type pg from 'pg';
import type { TeamInvocation, TeamResponse, TeamWriter } from '../store/team.js';
import { RESPONSE_COUNTERS } from '../usage/counters.js';
import { EVIDENCE, SOURCES } from '../usage/source.js';
import type { TeamSurroundings } from '../usage/surroundings.js';

/*
 * Rows of a fleet's PostgreSQL as a pull reads them, by the tables and not by the views, which sum up.
 */

/** Rows that are asked for at a time. */
const BATCH = 5000;

export function fromMs(parameter: string): string {
  return `to_timestamp(${parameter}::bigint / 1000.0)`;
}

const toMs = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::bigint`;

const NAMES = `coalesce(u.name, 'forgotten') AS "user", p.name AS project, l.name AS labels, t.uid AS store, t.host`;
const joinNames = (row: string) => `
  JOIN users u ON u.id = ${row}.usr JOIN projects p ON p.id = ${row}.project JOIN labels l ON l.id = ${row}.labels
  JOIN stores t ON t.id = ${row}.store`;

export const INVOCATIONS = `
  SELECT i.id, ${NAMES}, i.run, i.phase, i.iteration, i.status, ${toMs('i.started_at')} AS started_at_ms,
    ${toMs('i.ended_at')} AS ended_at_ms, i.exit_code, i.signal, i.codex_version, i.tags
  FROM invocations i ${joinNames('i')}`;

export const RESPONSES = `
  SELECT r.id, r.invocation, ${NAMES}, m.name AS model, r.provider, r.tier,
    ${RESPONSE_COUNTERS.map(({ column }) => `r.${column}`).join(', ')}, r.evidence, r.source, r.cost_nano_usd, r.partial,
    ${toMs('r.completed_at')} AS completed_at_ms, r.thread
  FROM responses r ${joinNames('r')} JOIN models m ON m.id = r.model`;

interface NamedRow {
  readonly id: string;
  readonly user: string;
  readonly project: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly store: string;
  readonly host: string;
}

/** Numbers of 64 bits come as text. */
export interface InvocationRow extends NamedRow {
  readonly run: string;
  readonly phase: string;
  readonly iteration: number | null;
  readonly status: string;
  readonly started_at_ms: string;
  readonly ended_at_ms: string | null;
  readonly exit_code: number | null;
  readonly signal: string | null;
  readonly codex_version: string | null;
  readonly tags: Readonly<Record<string, string>> | null;
}

export interface ResponseRow extends NamedRow, Readonly<Record<`${string}_tokens`, string>> {
  invocation: string | null;
  readonly model: string;
  readonly provider: string;
  readonly tier: string | null;
  readonly evidence: string;
  readonly source: string;
  readonly cost_nano_usd: string | null;
  readonly partial: boolean;
  readonly completed_at_ms: string;
  readonly thread: string | null;
}

/** Undefined where the row cannot be right. */
function toInvocation(row: InvocationRow): TeamInvocation | undefined {
  const startedAtMs = Number(row.started_at_ms);
  if (!Number.isSafeInteger(startedAtMs)) return undefined;
  return {
    ...{
      id: row.id,
      projectId: row.project,
      runId: row.run,
      phase: row.phase || 'other',
      iteration: row.iteration ?? 0,
    },
    ...{ status: row.status, startedAtMs, endedAtMs: row.ended_at_ms === null ? null : Number(row.ended_at_ms) },
    ...{ exitCode: row.exit_code, signal: row.signal, codexVersion: row.codex_version, tags: row.tags ?? {} },
    surroundings: toSurroundings(row),
  };
}

/** Undefined where the row cannot be right. */
export function toResponse(row: ResponseRow): TeamResponse | undefined {
  const counts = RESPONSE_COUNTERS.map(
    ({ name, column }) => [name, Number(row[column as `${string}_tokens`])] as const,
  );
  const costNanoUsd = row.cost_nano_usd === null ? null : Number(row.cost_nano_usd);
  const completedAtMs = Number(row.completed_at_ms);
  const numbers = [...counts.map(([, count]) => count), costNanoUsd ?? 0, completedAtMs];
  const isKnown = isOneOf(row.evidence, EVIDENCE) && isOneOf(row.source, SOURCES);
  if (!isKnown || !numbers.every((number) => Number.isSafeInteger(number) && number >= 0)) return undefined;
  return {
    ...(Object.fromEntries(counts) as Pick<TeamResponse, (typeof counts)[number][0]>),
    ...{ id: row.id, invocationId: row.invocation, projectId: row.project, provider: row.provider, model: row.model },
    ...{ serviceTier: row.tier, evidence: row.evidence, source: row.source, costNanoUsd, completedAtMs },
    ...{ costExtent: row.partial ? 'partial' : 'whole', threadId: row.thread, surroundings: toSurroundings(row) },
  };
}

function toSurroundings({ user, store, host, labels }: NamedRow): TeamSurroundings {
  return { user, store, host, labels };
}

function isOneOf(word: string, words: readonly string[]): boolean {
  return words.includes(word);
}

export async function* iterate<Row extends pg.QueryResultRow>(client: pg.Client, sql: string, values: unknown[]) {
  for await (const rows of batches<Row>(client, sql, values)) yield* rows;
}

/** The rows of a query, some at a time, so that no more of them are held at once. */
export async function* batches<Row extends pg.QueryResultRow>(client: pg.Client, sql: string, values: unknown[]) {
  const written = values.reduce<string>(
    (text, value, index) => text.replaceAll(`$${index + 1}`, String(Number(value))),
    sql,
  );
  await client.query(`DECLARE pulled NO SCROLL CURSOR FOR ${written}`);
  for (;;) {
    const { rows } = await client.query<Row>(`FETCH ${BATCH} FROM pulled`);
    if (rows.length === 0) break;
    yield rows;
  }
  await client.query('CLOSE pulled');
}

/** The number `n` that a query answers; 0 where it answers none. */
export async function readNumber(client: pg.Client, sql: string, values: unknown[] = []): Promise<number> {
  const { rows } = await client.query<{ n: string | null }>(sql, values);
  return Number(rows[0]?.n ?? 0);
}

/** How many responses the server's sums have: more than it has responses where old months were dropped. */
export function countSummed(client: pg.Client, sinceMs: number): Promise<number> {
  const start = `date_bin('15 minutes', ${fromMs('$1')}, 'epoch') + interval '15 minutes'`;
  return readNumber(client, `SELECT sum(responses) AS n FROM usage_15m WHERE start >= ${start}`, [sinceMs]);
}

/** How many of the server's responses come as sums of invocations, and in how many rows. */
export async function countInSums(client: pg.Client, sinceMs: number): Promise<{ responses: number; rows: number }> {
  const where = `WHERE responses IS NOT NULL AND completed_at >= ${fromMs('$1')}`;
  return {
    responses: await readNumber(client, `SELECT sum(responses) AS n FROM responses ${where}`, [sinceMs]),
    rows: await readNumber(client, `SELECT count(*) AS n FROM responses ${where}`, [sinceMs]),
  };
}

/** False where the row cannot be right. */
export function putInvocation(writer: TeamWriter, row: InvocationRow): boolean {
  const invocation = toInvocation(row);
  return invocation !== undefined && attempt(() => writer.putInvocation(invocation));
}

/** False for a row that the database refuses; another fault of it ends the pull. */
export function attempt(put: () => void): boolean {
  try {
    put();
    return true;
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (/^SQLITE_(?:CONSTRAINT|MISMATCH|RANGE|TOOBIG)/.test(code)) return false;
    throw error;
  }
}
