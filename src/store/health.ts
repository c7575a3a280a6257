import type { Phase } from '../usage/phase.js';
import type { Provider } from '../usage/provider.js';
import type { InvocationStatus, Note } from '../usage/record.js';
import type { Evidence, Source } from '../usage/source.js';
import { CANNOT_BE_SETTLED } from './invocations.js';
import type { Connection } from './open.js';
import { threadSums } from './packs.js';
import { readRow, readRows, readValue } from './sql.js';

/** Notes of one kind that give the same reason. */
export interface NoteGroupRow extends Note {
  readonly count: number;
  readonly invocationCount: number;
  readonly firstNotedAtMs: number;
  readonly lastNotedAtMs: number;
  /** The invocation of the newest of them; `figures` are that one's too. */
  readonly invocationId: string;
  readonly projectId: string;
  readonly runId: string;
  readonly phase: Phase;
  readonly iteration: number;
}

/** The newest first. */
export function readNoteGroups(connection: Connection): NoteGroupRow[] {
  return readRows<NoteGroupRow>(connection, NOTE_GROUPS, [], ['figures']);
}

// SQLite takes the bare columns of a group from the row that max() found.
const NOTE_GROUPS = `
  SELECT n.kind, n.reason, n.figures, count(*) AS count, count(DISTINCT n.invocation_id) AS invocationCount,
    min(n.noted_at_ms) AS firstNotedAtMs, max(n.noted_at_ms) AS lastNotedAtMs, i.id AS invocationId,
    i.project_id AS projectId, i.run_id AS runId, i.phase, i.iteration
  FROM notes n JOIN invocations i ON i.id = n.invocation_id
  GROUP BY n.kind, n.reason ORDER BY lastNotedAtMs DESC`;

export interface UnpricedModelRow {
  readonly provider: Provider;
  readonly model: string;
  readonly unpricedResponses: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** The models without a known price. Times are those of the quarters of an hour in which they were used. */
export function readUnpricedModels(connection: Connection): UnpricedModelRow[] {
  const sql = `SELECT provider, model, sum(unpriced_responses) AS unpricedResponses, min(start_ms) AS firstAtMs,
      max(start_ms) AS lastAtMs
    FROM buckets WHERE unpriced_responses > 0 GROUP BY provider, model ORDER BY unpricedResponses DESC`;
  return readRows(connection, sql);
}

export interface EvidenceRow {
  readonly source: Source;
  readonly evidence: Evidence;
  readonly responses: number;
}

/** How many responses rest on which evidence. */
export function readEvidence(connection: Connection): EvidenceRow[] {
  const sql = `SELECT source, evidence, sum(responses) AS responses FROM ${threadSums({})}
    GROUP BY source, evidence ORDER BY responses DESC`;
  return readRows(connection, sql);
}

/** A session file of which not all could be read. */
export interface UnreadableFileRow {
  readonly path: string;
  readonly provider: Provider;
  readonly unreadableLines: number;
  /** Why the file as a whole could not be read; null when it could. */
  readonly problem: string | null;
  readonly importedAtMs: number;
}

export function readUnreadableFiles(connection: Connection, limit: number): UnreadableFileRow[] {
  const sql = `SELECT path, provider, unreadable_lines AS unreadableLines, problem, imported_at_ms AS importedAtMs
    FROM ${UNREADABLE_FILES} ORDER BY problem IS NULL, unreadable_lines DESC, path LIMIT ?`;
  return readRows(connection, sql, [limit]);
}

const UNREADABLE_FILES = 'history_files WHERE unreadable_lines > 0 OR problem IS NOT NULL';

/** How many invocations have each status. */
export function countStatuses(connection: Connection): Partial<Record<InvocationStatus, number>> {
  const sql = 'SELECT status, count(*) AS count FROM invocations GROUP BY status ORDER BY status';
  const rows = readRows<{ status: InvocationStatus; count: number }>(connection, sql);
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

/** How many invocations have each status in each phase. */
export function countInvocations(
  connection: Connection,
): { readonly status: InvocationStatus; readonly phase: Phase; readonly count: number }[] {
  const sql = 'SELECT status, phase, count(*) AS count FROM invocations GROUP BY 1, 2 ORDER BY 1, 2';
  return readRows(connection, sql);
}

/** What a database holds, and whether it is whole. */
export interface Health {
  /** What SQLite found wrong; none when it is whole. */
  readonly faults: readonly string[];
  readonly schemaVersion: number;
  readonly invocations: number;
  readonly shares: readonly { readonly source: Source; readonly responses: number }[];
  readonly unpriced: readonly { readonly model: string; readonly responses: number }[];
  /** Session files of which not all could be read. */
  readonly unreadableFiles: { readonly count: number; readonly named: readonly UnreadableFileRow[] };
  /** What Claude Code used and wrote into no file. */
  readonly untold: Untold;
  /** Notes since the time that was asked for. */
  readonly disagreements: readonly Disagreement[];
}

export interface Untold {
  /** Session files that hold compactions or prompt hooks without a total behind them, and how many at least. */
  readonly files: number;
  readonly responses: number;
  /** Runs of sessions whose messages used more than their own total says: what else they used is not known. */
  readonly shortRuns: number;
}

/** An invocation of which pieces of evidence differ. */
export interface Disagreement {
  readonly projectId: string;
  readonly runId: string;
  readonly reason: string;
}

const MOST_FAULTS = 5;
const MOST_NAMED = 3;

/** Reads through the whole database. Throws what SQLite throws when it cannot even be read. */
export function readHealth(connection: Connection, { sinceMs }: { readonly sinceMs: number }): Health {
  const found = connection.pragma(`quick_check(${MOST_FAULTS})`) as { quick_check: string }[];
  const unreadable = readValue<number>(connection, `SELECT count(*) FROM ${UNREADABLE_FILES}`) ?? 0;
  return {
    faults: found.map((row) => row.quick_check).filter((text) => text !== 'ok'),
    schemaVersion: connection.pragma('user_version', { simple: true }) as number,
    invocations: readValue(connection, 'SELECT count(*) FROM invocations') ?? 0,
    shares: readRows(connection, SHARES),
    unpriced: readRows(connection, UNPRICED),
    unreadableFiles: { count: unreadable, named: readUnreadableFiles(connection, MOST_NAMED) },
    untold: readRow(connection, UNTOLD) as Untold,
    disagreements: readRows(connection, DISAGREEMENTS, [sinceMs]),
  };
}

const SHARES = 'SELECT source, sum(responses) AS responses FROM buckets GROUP BY source ORDER BY 2 DESC';

const UNPRICED = `SELECT model, sum(unpriced_responses) AS responses FROM buckets WHERE unpriced_responses > 0
  GROUP BY model ORDER BY 2 DESC`;

const UNTOLD = `
  SELECT count(*) AS files, coalesce(sum(untold_responses), 0) AS responses,
    (SELECT count(*) FROM session_runs WHERE extent = 'short') AS shortRuns
  FROM history_files WHERE untold_responses > 0`;

const DISAGREEMENTS = `
  SELECT i.project_id AS projectId, i.run_id AS runId, n.reason FROM notes n JOIN invocations i ON i.id = n.invocation_id
  WHERE n.kind = 'disagreement' AND n.noted_at_ms >= ? ORDER BY n.noted_at_ms DESC`;

/** Why invocations whose meter was killed cannot be settled: the newest reason of each. */
export function readUnsettled(connection: Connection): Disagreement[] {
  return readRows(connection, UNSETTLED, [CANNOT_BE_SETTLED]);
}

const UNSETTLED = `
  SELECT i.project_id AS projectId, i.run_id AS runId, n.reason, max(n.id) AS id
  FROM notes n JOIN invocations i ON i.id = n.invocation_id
  WHERE i.status = 'running' AND n.kind = 'fault' AND instr(n.reason, ?) = 1 GROUP BY i.id ORDER BY id`;
