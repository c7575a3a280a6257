import { EVIDENCE, type Evidence } from '../../usage/source.js';

/*
 * Which invocation a response is assigned to. Live metering, imports, the backfill and settling all ask here; decision 0029
 * has the reasons.
 *
 * 1. An invocation may have the responses of its thread and of that thread's children (reviews, sub-agents), as far as they
 *    lie in its window: they were completed between its start and its end, or in a turn that began then.
 * 2. What an invocation has recorded itself, from a session file that it followed, it may have as well.
 * 3. Of several invocations, one to which Codex told the thread's name goes before one that only saw the file. Of two
 *    that are equal in that, one whose end is known goes before one that was abandoned. Otherwise the response stays.
 * 4. A response that no invocation may have is assigned to none.
 * 5. Better evidence replaces the counts of the same response. A stand-in goes once its invocation has what a session file counts.
 */

/** When an invocation ran, in epoch milliseconds, both ends included. An end that is not known is undefined. */
export interface Window {
  readonly fromMs: number | undefined;
  readonly untilMs: number | undefined;
}

/** SQL: the rank of the invocation whose id is `id` by rule 3; the lowest goes first. */
const rankOf = (id: string) =>
  `(SELECT iif(thread_known_by = 'output', 0, 2) + iif(status = 'abandoned', 1, 0) FROM invocations WHERE id = ${id})`;

/** SQL: whether a response that `holder` has goes over to `candidate`, which may have it too; both are ids, `holder` may be NULL. */
export const goesBefore = (candidate: string, holder: string): string =>
  `(${holder} IS NULL OR ${rankOf(candidate)} < ${rankOf(holder)})`;

const BEST_FIRST = EVIDENCE.map((evidence, rank) => `WHEN '${evidence}' THEN ${rank}`).join(' ');
const evidenceRank = (column: string) => `CASE ${column} ${BEST_FIRST} END`;

/** SQL: whether one evidence is better than another. */
export const isBetterEvidence = (evidence: string, than: string): string =>
  `(${evidenceRank(evidence)} < ${evidenceRank(than)})`;

const WEAK: readonly Evidence[] = ['otel', 'turn_completed', 'text', 'tokenizer'];
export const IS_STAND_IN = `evidence IN (${WEAK.map((evidence) => `'${evidence}'`).join(', ')})`;

/** Whether a response of this evidence may be a stand-in. */
export function mayStandIn(evidence: Evidence): boolean {
  return WEAK.includes(evidence);
}

/** SQL: the beginning of a UUID of version 7 that is made at `atMs`. */
const uuidAt = (atMs: string) => `printf('%08x-%04x', ${atMs} >> 16, ${atMs} & 0xffff)`;

/**
 * SQL: whether a response lies in a window; an end that is NULL is open. A turn goes on in a server when the client that
 * began it has been killed (0.171), and its id tells when it began: it is a UUID of version 7 in every release that has turn
 * ids (0.101 to 0.171).
 */
export const isInWindow = (fromMs: string, untilMs: string, completedAtMs: string, turnId: string): string => `(
  ${completedAtMs} BETWEEN coalesce(${fromMs}, -1e300) AND coalesce(${untilMs}, 1e300) OR (substr(${turnId}, 15, 1) = '7'
    AND substr(${turnId}, 1, 13) BETWEEN iif(${fromMs} IS NULL, '', ${uuidAt(fromMs)})
      AND iif(${untilMs} IS NULL, 'g', ${uuidAt(untilMs)})))`;

const TURN = 'coalesce(root_turn_id, turn_id)';
export const IN_GIVEN_WINDOW = isInWindow('@fromMs', '@untilMs', 'completed_at_ms', TURN);
export const IN_RECORDED_WINDOW = isInWindow('@startedAtMs', '@endedAtMs', 'completed_at_ms', TURN);

/** SQL: of a thread or its children. A fork is a session of its own, though its chain of parents began there. */
export const OF_THREADS = `thread_id IN (
  SELECT @threadId UNION SELECT id FROM threads WHERE root_id = @threadId AND kind <> 'main' AND id <> root_id)`;

/** SQL: the threads of which `id` is one, or a child: the other way round. */
export const threadsAbove = (id: string): string =>
  `(SELECT ${id} UNION SELECT root_id FROM threads WHERE id = ${id} AND kind <> 'main')`;

/** The header of a session file, as far as it says whose thread it holds. */
export interface ThreadHeader {
  readonly threadId: string;
  /** The root thread's. */
  readonly sessionId: string;
  readonly interactive: boolean;
  readonly cwd: string | undefined;
}

/** A metered process, as far as it is known which threads it runs. */
export interface ThreadRunner {
  readonly threads: 'one' | 'clients' | 'interactive' | 'none';
  readonly cwd: string;
  readonly rootId: string | undefined;
  /** Threads that are known to be this process's. */
  readonly known: readonly (string | undefined)[];
}

/** Whether a process runs the thread of a session file: a known one, a child of one, or one that the interactive Codex began in its folder. */
export function runsThread(header: ThreadHeader, { threads, cwd, rootId, known }: ThreadRunner): boolean {
  if (header.sessionId === rootId || known.includes(header.sessionId)) return true;
  const isRoot = header.threadId === header.sessionId;
  return threads === 'interactive' && header.interactive && isRoot && header.cwd === cwd;
}
