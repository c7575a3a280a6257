import type { Phase } from '../usage/phase.js';
import type { Provider } from '../usage/provider.js';
import type { InvocationStatus, Note } from '../usage/record.js';
import type { Evidence, Source } from '../usage/source.js';
import type { Connection } from './open.js';
import { threadSums } from './packs.js';

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
  // SQLite takes the bare columns of a group from the row that max() found.
  const rows = connection
    .prepare<[], NoteGroupRow & { figures: string }>(
      `SELECT n.kind, n.reason, n.figures, count(*) AS count, count(DISTINCT n.invocation_id) AS invocationCount,
         min(n.noted_at_ms) AS firstNotedAtMs, max(n.noted_at_ms) AS lastNotedAtMs, i.id AS invocationId,
         i.project_id AS projectId, i.run_id AS runId, i.phase, i.iteration
       FROM notes n JOIN invocations i ON i.id = n.invocation_id
       GROUP BY n.kind, n.reason ORDER BY lastNotedAtMs DESC`,
    )
    .all();
  return rows.map((row) => ({ ...row, figures: JSON.parse(row.figures) }));
}

export interface UnpricedModelRow {
  readonly provider: Provider;
  readonly model: string;
  readonly unpricedResponses: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
}

/** The models without a known price. Times are those of the quarters of an hour in which they were used. */
export function readUnpricedModels(connection: Connection): UnpricedModelRow[] {
  return connection
    .prepare<[], UnpricedModelRow>(
      `SELECT provider, model, sum(unpriced_responses) AS unpricedResponses, min(start_ms) AS firstAtMs,
         max(start_ms) AS lastAtMs
       FROM buckets WHERE unpriced_responses > 0 GROUP BY provider, model ORDER BY unpricedResponses DESC`,
    )
    .all();
}

export interface EvidenceRow {
  readonly source: Source;
  readonly evidence: Evidence;
  readonly responses: number;
}

/** How many responses rest on which evidence. */
export function readEvidence(connection: Connection): EvidenceRow[] {
  return connection
    .prepare<[], EvidenceRow>(
      `SELECT source, evidence, sum(responses) AS responses FROM ${threadSums({})}
       GROUP BY source, evidence ORDER BY responses DESC`,
    )
    .all();
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
  return connection
    .prepare<[number], UnreadableFileRow>(
      `SELECT path, provider, unreadable_lines AS unreadableLines, problem, imported_at_ms AS importedAtMs
       FROM history_files WHERE unreadable_lines > 0 OR problem IS NOT NULL
       ORDER BY problem IS NULL, unreadable_lines DESC, path LIMIT ?`,
    )
    .all(limit);
}

export function countUnreadableFiles(connection: Connection): number {
  return connection
    .prepare<[], number>('SELECT count(*) FROM history_files WHERE unreadable_lines > 0 OR problem IS NOT NULL')
    .pluck()
    .get() as number;
}

export function countInvocations(connection: Connection): { status: InvocationStatus; count: number }[] {
  return connection
    .prepare<[], { status: InvocationStatus; count: number }>(
      'SELECT status, count(*) AS count FROM invocations GROUP BY status ORDER BY status',
    )
    .all();
}
