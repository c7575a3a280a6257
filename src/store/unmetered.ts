import type { Provider } from '../usage/provider.js';
import { bestFirst, type Evidence, type Source } from '../usage/source.js';
import type { Connection } from './open.js';
import { SUMS_OF_SUMS, threadSums } from './packs.js';
import { RESPONSE_SELECTION, type ResponseRow, type SessionScope, type SumRow } from './queries.js';
import { readRows } from './sql.js';
import { isTaggedThread } from './tags.js';

/** A thread of a session, as far as no invocation has its responses. */
export interface ThreadRow {
  readonly threadId: string;
  readonly provider: Provider;
  readonly projectId: string;
  /** `main`, or what kind of child it is. */
  readonly kind: string;
  readonly cwd: string | null;
  readonly cliVersion: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly startedAtMs: number;
  /** When its newest response was completed. */
  readonly lastAtMs: number;
}

export interface ThreadModelRow extends SumRow {
  readonly threadId: string;
  readonly model: string;
  readonly source: Source;
  readonly evidence: readonly Evidence[];
}

/** The threads of a session that were read from history and have responses without an invocation, oldest first. */
export function readUnmeteredThreads(connection: Connection, session: SessionScope): ThreadRow[] {
  return readRows<ThreadRow>(connection, THREADS, bind(session), ['tags']);
}

/** Sums per such thread, model and source, in the order in which they began. */
export function readUnmeteredModels(connection: Connection, session: SessionScope): ThreadModelRow[] {
  const rows = readRows<ThreadModelRow>(connection, MODELS, bind(session), ['evidence']);
  return rows.map((row) => ({ ...row, evidence: bestFirst(row.evidence) }));
}

/** Their responses, in the order in which they were completed. */
export function readUnmeteredResponses(connection: Connection, session: SessionScope): ResponseRow[] {
  const sql = `SELECT '' AS invocationId, ${RESPONSE_SELECTION} FROM ${UNMETERED} ORDER BY r.completed_at_ms, r.id`;
  return readRows<ResponseRow>(connection, sql, bind(session), ['price']);
}

/** The values of the parameters below. */
export function bind({ threadId, tags }: SessionScope) {
  return { sessionId: threadId, tags: tags ?? null };
}

const OF_SESSION = `thread_id IN (
  SELECT id FROM threads WHERE root_id = @sessionId AND (@tags IS NULL OR ${isTaggedThread('id')}))`;
const UNMETERED_SUMS = `${threadSums({}, OF_SESSION)} u`;

const THREADS = `
  SELECT t.id AS threadId, t.provider, t.project_id AS projectId, t.kind, t.cwd, t.cli_version AS cliVersion,
    (SELECT json_group_object(key, value) FROM thread_tags WHERE thread_id = t.id) AS tags,
    min(t.started_at_ms, min(u.first_ms)) AS startedAtMs, max(u.last_ms) AS lastAtMs
  FROM ${UNMETERED_SUMS} JOIN threads t ON t.id = u.thread_id
  WHERE u.invocation_id IS NULL GROUP BY t.id ORDER BY t.started_at_ms, t.id`;

const MODELS = `
  SELECT u.thread_id AS threadId, u.model, u.source, json_group_array(DISTINCT u.evidence) AS evidence, ${SUMS_OF_SUMS}
  FROM ${UNMETERED_SUMS} WHERE u.invocation_id IS NULL
  GROUP BY u.thread_id, u.model, u.source ORDER BY min(u.first_ms), u.model, u.source`;

// By thread twice: SQLite takes the second condition into the packs, so that it opens those of the session alone.
export const UNMETERED: string = `threads t JOIN responses r ON r.thread_id = t.id AND r.invocation_id IS NULL
  WHERE t.root_id = @sessionId AND r.${OF_SESSION}`;
