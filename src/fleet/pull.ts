import type pg from 'pg';
import type { Connection } from '../store/open.js';
import { type PullOutcome, type PullState, readPullState, type TeamWriter, writeTeam } from '../store/team.js';
import { type FleetTarget, parseFleetUrl } from '../usage/fleet-target.js';
import { abandon, type Credentials, connectTo, explainFault, FleetError, type TargetAccess } from './connection.js';
import {
  attempt,
  batches,
  countInSums,
  countSummed,
  fromMs,
  INVOCATIONS,
  type InvocationRow,
  iterate,
  putInvocation,
  RESPONSES,
  type ResponseRow,
  readNumber,
  toResponse,
} from './pull-rows.js';

export interface PullOptions extends Credentials {
  /** Only responses that were completed since then; undefined: as the pull before, and in the first one since `initialSinceMs`. */
  readonly sinceMs: number | undefined;
  readonly initialSinceMs: number;
  /** Bring all of it anew. */
  readonly full: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (pulled: { readonly responses: number; readonly of: number }) => void;
}

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
    return { kind: 'failed', reason: explainRead(error, access) };
  } finally {
    if (client) abandon(client);
  }
}

/** The role that reads at a target: that of `read_url`, where it is set. */
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

/** Why a role that reads was given nothing. */
export function explainRead(error: unknown, target: TargetAccess): string {
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
  const refused: Refused = new Set(before?.refused);
  const deleted = before ? await pullDeleted(client, writer, query) : 0;
  const invocations = await pullInvocations(client, writer, query, refused);
  const responses = await pullResponses(client, writer, query, refused, options);
  await pullNames(client, writer);
  const held = connection.prepare<[number], number>('SELECT count(*) FROM response_rows WHERE completed_at_ms >= ?');
  const inSums = await countInSums(client, sinceMs);
  const here = (held.pluck().get(sinceMs) ?? 0) + refused.size + inSums.responses - inSums.rows;
  const state: PullState = {
    ...{ target: target.name, address: describeAddress(target), cursor, sinceMs },
    ...{ pulledAtMs: Date.now(), refused: [...refused] },
    ...{ pruned: Math.max(0, (await countSummed(client, sinceMs)) - here), summed: inSums.responses },
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

async function pullDeleted(client: pg.Client, writer: TeamWriter, { after }: Wish): Promise<number> {
  let count = 0;
  const sql = 'SELECT id FROM deleted_responses WHERE changed >= $1';
  for await (const { id } of iterate<{ id: string }>(client, sql, [after])) {
    writer.deleteResponse(id);
    count++;
  }
  return count;
}

/** The ids of rows that were left out because they cannot be right. A row that is mended later is taken from the list. */
type Refused = Set<string>;

async function pullInvocations(client: pg.Client, writer: TeamWriter, wish: Wish, refused: Refused): Promise<number> {
  let count = 0;
  const sql = `${INVOCATIONS} WHERE i.changed >= $1 AND coalesce(i.ended_at, now()) >= ${fromMs('$2')}`;
  for await (const row of iterate<InvocationRow>(client, sql, [wish.after, wish.sinceMs])) {
    refused.delete(row.id);
    if (putInvocation(writer, row)) count++;
    else refused.add(row.id);
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
      refused.delete(row.id);
      const response = toResponse(row);
      if (response && attempt(() => writer.putResponse(response))) count++;
      else refused.add(row.id);
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
