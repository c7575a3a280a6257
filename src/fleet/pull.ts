import type pg from 'pg';
import type { Connection } from '../store/open.js';
import {
  type PullState,
  readPullState,
  type TeamInvocation,
  type TeamResponse,
  type TeamWriter,
  writeTeam,
} from '../store/team.js';
import { RESPONSE_COUNTERS } from '../usage/counters.js';
import { type FleetTarget, parseFleetUrl } from '../usage/fleet-target.js';
import { EVIDENCE, SOURCES } from '../usage/source.js';
import type { TeamSurroundings } from '../usage/surroundings.js';
import { abandon, type Credentials, connectTo, explainFault, FleetError, type TargetAccess } from './connection.js';

/** Rows that are asked for at a time. */
const BATCH = 5000;

export interface PullOptions extends Credentials {
  /** Only responses that were completed since then; undefined: as the pull before, and in the first one since `initialSinceMs`. */
  readonly sinceMs: number | undefined;
  readonly initialSinceMs: number;
  /** Bring all of it anew. */
  readonly full: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (pulled: { readonly responses: number; readonly of: number }) => void;
}

export type PullOutcome =
  | {
      readonly kind: 'pulled';
      readonly responses: number;
      readonly invocations: number;
      readonly deleted: number;
      readonly state: PullState;
    }
  | { readonly kind: 'failed'; readonly reason: string };

/**
 * Brings what a fleet has into the database of `connection`: all of it at first, and then what has changed. It is one
 * transaction here and one snapshot there, so the database has what the server had at one moment, and stays as it is where
 * a pull fails. Returns the failure of the way to the server, or of the server; throws a StoreError.
 */
export async function pull(connection: Connection, target: FleetTarget, options: PullOptions): Promise<PullOutcome> {
  const access = readAccess(target);
  let client: pg.Client | undefined;
  try {
    client = await connectTo(access, options);
    const reached = client;
    options.signal.addEventListener('abort', () => abandon(reached), { once: true });
    connection.exec('BEGIN IMMEDIATE');
    try {
      const outcome = await pullRows(connection, client, target, options);
      connection.exec('COMMIT');
      return outcome;
    } catch (error) {
      connection.exec('ROLLBACK');
      throw error;
    }
  } catch (error) {
    if (isStoreFault(error)) throw error;
    return { kind: 'failed', reason: explain(error, access) };
  } finally {
    if (client) abandon(client);
  }
}

/** The role that a pull reads as. */
export function readAccess(target: FleetTarget): TargetAccess {
  if (target.readUrl === undefined) return target;
  const { name, readUrl, readPasswordFile, allowInsecure } = target;
  return { name, url: readUrl, passwordFile: readPasswordFile, passwordCommand: undefined, allowInsecure };
}

function isStoreFault(error: unknown): boolean {
  const { code = '', name } = error as { code?: string; name?: string };
  return name === 'StoreError' || code.startsWith('SQLITE_');
}

const OLDER_SCHEMA = ['42703', '42P01'];

function explain(error: unknown, target: TargetAccess): string {
  const { code = '' } = error as { code?: string };
  if (code === '42501') {
    return `${target.name}: the role may not read (42501). An administrator runs SELECT codex_metered.allow_read('…'), or set read_url to a role that may.`;
  }
  if (OLDER_SCHEMA.includes(code)) {
    return `${target.name}: the schema is missing there, or older than this program: an administrator runs codex-usage fleet init (${code}).`;
  }
  return (error instanceof FleetError ? error : explainFault(error, target)).message;
}

async function pullRows(
  connection: Connection,
  client: pg.Client,
  target: FleetTarget,
  options: PullOptions,
): Promise<PullOutcome> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await client.query("SET LOCAL search_path = codex_metered; SET LOCAL timezone = 'UTC'");
  const cursor = await readNumber(client, 'SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS n');
  const known = readPullState(connection);
  const before = continuePull(known, target, cursor, options);
  const writer = writeTeam(connection);
  if (!before) writer.clear();
  const sinceMs = before?.sinceMs ?? options.sinceMs ?? known?.sinceMs ?? options.initialSinceMs;
  const query: Wish = { after: before?.cursor ?? 0, sinceMs };
  const refused = { count: before?.refused ?? 0 };
  const deleted = before ? await pullDeleted(client, writer, query) : 0;
  const invocations = await pullInvocations(client, writer, query, refused);
  const responses = await pullResponses(client, writer, query, refused, options);
  await pullNames(client, writer);
  const held = connection.prepare<[number], number>('SELECT count(*) FROM response_rows WHERE completed_at_ms >= ?');
  const state: PullState = {
    ...{ target: target.name, address: describeAddress(target), cursor, sinceMs },
    ...{ pulledAtMs: Date.now(), refused: refused.count },
    pruned: Math.max(0, (await countSummed(client, sinceMs)) - (held.pluck().get(sinceMs) ?? 0) - refused.count),
  };
  writer.finish(state);
  await client.query('COMMIT');
  return { kind: 'pulled', responses, invocations, deleted, state };
}

interface Wish {
  /** The transaction from which on changes are not known. */
  readonly after: number;
  readonly sinceMs: number;
}

/** Undefined where all must be pulled: it is another server, or an earlier state of it, or more is asked for than before. */
function continuePull(
  known: PullState | undefined,
  target: FleetTarget,
  cursor: number,
  { full, sinceMs }: PullOptions,
): PullState | undefined {
  const isSame = known && known.target === target.name && known.address === describeAddress(target);
  if (!isSame || full || known.cursor > cursor || (sinceMs ?? known.sinceMs) < known.sinceMs) return undefined;
  return known;
}

function describeAddress(target: FleetTarget): string {
  const { host, port, database } = parseFleetUrl(readAccess(target).url);
  return `${host}:${port}/${database}`;
}

async function readNumber(client: pg.Client, sql: string, values: unknown[] = []): Promise<number> {
  const { rows } = await client.query<{ n: string | null }>(sql, values);
  return Number(rows[0]?.n ?? 0);
}

async function pullDeleted(client: pg.Client, writer: TeamWriter, { after }: Wish): Promise<number> {
  let count = 0;
  const sql = 'SELECT id FROM deleted_responses WHERE changed >= $1';
  for await (const { id } of iterate<{ id: string }>(client, sql, [after])) {
    writer.deleteResponse(id);
    count++;
  }
  return count;
}

interface Refused {
  count: number;
}

async function pullInvocations(client: pg.Client, writer: TeamWriter, wish: Wish, refused: Refused): Promise<number> {
  let count = 0;
  const sql = `${INVOCATIONS} WHERE i.changed >= $1 AND coalesce(i.ended_at, now()) >= ${fromMs('$2')}`;
  for await (const row of iterate<InvocationRow>(client, sql, [wish.after, wish.sinceMs])) {
    if (putInvocation(writer, row)) count++;
    else refused.count++;
  }
  return count;
}

async function pullResponses(
  client: pg.Client,
  writer: TeamWriter,
  wish: Wish,
  refused: Refused,
  { onProgress }: PullOptions,
): Promise<number> {
  const where = `WHERE r.changed >= $1 AND r.completed_at >= ${fromMs('$2')}`;
  const values = [wish.after, wish.sinceMs];
  const of = onProgress ? await readNumber(client, `SELECT count(*) AS n FROM responses r ${where}`, values) : 0;
  let count = 0;
  for await (const rows of batches<ResponseRow>(client, `${RESPONSES} ${where}`, values)) {
    await pullMissing(client, writer, rows);
    for (const row of rows) {
      const response = toResponse(row);
      if (response && attempt(() => writer.putResponse(response))) count++;
      else refused.count++;
    }
    onProgress?.({ responses: count, of });
  }
  return count;
}

/** Brings invocations that ended before the span of time, of responses that did not. One that the server does not have is left out. */
async function pullMissing(client: pg.Client, writer: TeamWriter, rows: ResponseRow[]): Promise<void> {
  const named = new Set(rows.flatMap(({ invocation }) => invocation ?? []));
  const missing = [...named].filter((id) => !writer.hasInvocation(id));
  if (missing.length === 0) return;
  const found = await client.query<InvocationRow>(`${INVOCATIONS} WHERE i.id = ANY($1)`, [missing]);
  for (const row of found.rows) putInvocation(writer, row);
  for (const row of rows) {
    if (row.invocation !== null && !writer.hasInvocation(row.invocation)) row.invocation = null;
  }
}

async function pullNames(client: pg.Client, writer: TeamWriter): Promise<void> {
  const users = await client.query<{ name: string }>('SELECT name FROM users WHERE name IS NOT NULL');
  const machines = await client.query<{ store: string; host: string }>('SELECT uid AS store, host FROM stores');
  writer.rename(
    users.rows.map(({ name }) => name),
    machines.rows,
  );
}

/** How many responses the server's sums have: more than it has responses where old months were dropped. */
function countSummed(client: pg.Client, sinceMs: number): Promise<number> {
  const start = `date_bin('15 minutes', ${fromMs('$1')}, 'epoch') + interval '15 minutes'`;
  return readNumber(client, `SELECT sum(responses) AS n FROM usage_15m WHERE start >= ${start}`, [sinceMs]);
}

function fromMs(parameter: string): string {
  return `to_timestamp(${parameter}::bigint / 1000.0)`;
}

const toMs = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::bigint`;

const NAMES = `coalesce(u.name, 'forgotten') AS "user", p.name AS project, l.name AS labels, t.uid AS store, t.host`;
const joinNames = (row: string) => `
  JOIN users u ON u.id = ${row}.usr JOIN projects p ON p.id = ${row}.project JOIN labels l ON l.id = ${row}.labels
  JOIN stores t ON t.id = ${row}.store`;

const INVOCATIONS = `
  SELECT i.id, ${NAMES}, i.run, i.phase, i.iteration, i.status, ${toMs('i.started_at')} AS started_at_ms,
    ${toMs('i.ended_at')} AS ended_at_ms, i.exit_code, i.signal, i.codex_version, i.tags
  FROM invocations i ${joinNames('i')}`;

const RESPONSES = `
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
interface InvocationRow extends NamedRow {
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

interface ResponseRow extends NamedRow, Readonly<Record<`${string}_tokens`, string>> {
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

/** False where the row cannot be right. */
function putInvocation(writer: TeamWriter, row: InvocationRow): boolean {
  const startedAtMs = Number(row.started_at_ms);
  if (!Number.isSafeInteger(startedAtMs)) return false;
  const invocation: TeamInvocation = {
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
  return attempt(() => writer.putInvocation(invocation));
}

/** Undefined where the row cannot be right. */
function toResponse(row: ResponseRow): TeamResponse | undefined {
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

/** False for a row that the database refuses; another fault of it ends the pull. */
function attempt(put: () => void): boolean {
  try {
    put();
    return true;
  } catch (error) {
    const { code = '' } = error as { code?: string };
    if (/^SQLITE_(?:CONSTRAINT|MISMATCH|RANGE|TOOBIG)/.test(code)) return false;
    throw error;
  }
}

async function* iterate<Row extends pg.QueryResultRow>(client: pg.Client, sql: string, values: unknown[]) {
  for await (const rows of batches<Row>(client, sql, values)) yield* rows;
}

/** The rows of a query, some at a time, so that no more of them are held at once. */
async function* batches<Row extends pg.QueryResultRow>(client: pg.Client, sql: string, values: unknown[]) {
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
