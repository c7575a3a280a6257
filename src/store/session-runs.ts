import { RESPONSE_COUNTERS } from '../usage/counters.js';
import type { ModelResponse } from '../usage/record.js';
import type { ModelTotal } from '../usage/session-total.js';
import { completeUsage } from '../usage/usage.js';
import { selectCounters } from './counter-columns.js';
import type { Connection } from './open.js';

/** A run of a session of Claude Code: from one total that it wrote to the next. */
export interface SessionRun {
  readonly sessionId: string;
  /** From 0 on, in the order of the session's file. */
  readonly ordinal: number;
  /** The same number for a session and its forks, whose totals go on from one another; null where it is not known. */
  readonly familyMs: number | null;
  /** When its last line was written, epoch milliseconds. */
  readonly endedAtMs: number;
  /** When the next run wrote its first line; null as long as there is none. */
  readonly untilMs: number | null;
  /** Whether the session's file begins with a compaction, as that of a fork can. */
  readonly beginsCompacted: boolean;
  /** Of the whole session, and of those that it goes on from. */
  readonly models: readonly ModelTotal[];
}

/** A message of another session that stands in a session's file too. */
export interface HeldCopy {
  readonly sessionId: string;
  readonly key: string;
}

/** The session of a thread: the id of a sub-agent's thread has the session's before a slash. */
export function sessionOf(threadId: string): string {
  const slash = threadId.indexOf('/');
  return slash === -1 ? threadId : threadId.slice(0, slash);
}

/** Prepares the writing of runs. A run that is recorded already may have ended since, or have been read from a copy of the file. */
export function createRunInsert(connection: Connection): (run: SessionRun) => void {
  const put = connection.prepare<unknown[]>(PUT_RUN);
  return ({ sessionId, ordinal, familyMs, endedAtMs, untilMs, beginsCompacted, models }) => {
    put.run(sessionId, ordinal, familyMs, endedAtMs, untilMs, beginsCompacted ? 1 : 0, JSON.stringify(models));
  };
}

export function createCopyInsert(connection: Connection): (copy: HeldCopy) => void {
  const put = connection.prepare<[string, string]>('INSERT OR IGNORE INTO session_copies VALUES (?, ?)');
  return ({ sessionId, key }) => void put.run(sessionId, key);
}

/** Prepares the noting of a response that was found in the file of another session than the one that it is recorded under. */
export function createCopies(connection: Connection): (response: ModelResponse) => void {
  const find = connection
    .prepare<[string], string>("SELECT thread_id FROM response_rows WHERE provider = 'claude' AND response_key = ?")
    .pluck();
  const hold = createCopyInsert(connection);
  return ({ threadId, key }) => {
    const recorded = find.get(key);
    const sessionId = sessionOf(threadId);
    if (recorded !== undefined && sessionOf(recorded) !== sessionId) hold({ sessionId, key });
  };
}

const PUT_RUN = `
  INSERT INTO session_runs (session_id, ordinal, family_ms, ended_at_ms, until_ms, begins_compacted, totals, extent)
  VALUES (?, ?, ?, ?, ?, ?, ?, 'exact')
  ON CONFLICT DO UPDATE SET family_ms = excluded.family_ms, until_ms = coalesce(excluded.until_ms, until_ms),
    ended_at_ms = max(excluded.ended_at_ms, ended_at_ms), totals = excluded.totals`;

interface FlatRun extends Omit<SessionRun, 'beginsCompacted' | 'models'> {
  readonly beginsCompacted: 0 | 1;
  readonly totals: string;
}

/** Prepares the reading of a session's runs, in their order. */
export function createRunReader(connection: Connection): (sessionId: string) => SessionRun[] {
  const read = connection.prepare<[string], FlatRun>(READ_RUNS);
  return (sessionId) => {
    return read.all(sessionId).map(({ beginsCompacted, totals, ...run }) => ({
      ...run,
      beginsCompacted: beginsCompacted === 1,
      models: (JSON.parse(totals) as ModelTotal[]).map((total) => ({ ...total, usage: completeUsage(total.usage) })),
    }));
  };
}

const READ_RUNS = `
  SELECT session_id AS sessionId, ordinal, family_ms AS familyMs, ended_at_ms AS endedAtMs, until_ms AS untilMs,
    begins_compacted AS beginsCompacted, totals FROM session_runs WHERE session_id = ? ORDER BY ordinal`;

/** A response as far as a total is compared with it. */
export interface HeldResponse extends ModelTotal {
  readonly key: string;
  readonly atMs: number;
  readonly serviceTier: string | null;
  /** As JSON. */
  readonly fees: string | null;
}

/** Prepares the reading of all messages that a session's files hold, its sub-agents' and the copies of others included. */
export function createHoldingsReader(connection: Connection): (sessionId: string) => HeldResponse[] {
  type Flat = Omit<HeldResponse, 'usage'> & HeldResponse['usage'];
  const read = connection.prepare<[object], Flat>(READ_HOLDINGS);
  return (sessionId) => {
    return read.all({ sessionId }).map((row) => ({ ...row, usage: completeUsage(row) }));
  };
}

const HELD = `response_key AS key, completed_at_ms AS atMs, model, service_tier AS serviceTier, fees,
  ${selectCounters(undefined, RESPONSE_COUNTERS)},
  coalesce(fees ->> '$.webSearches', 0) AS webSearches`;

// What the API compacted within a message is in no total of Claude Code.
const READ_HOLDINGS = `
  SELECT ${HELD} FROM response_rows
  WHERE (thread_id = @sessionId OR (thread_id > @sessionId || '/' AND thread_id < @sessionId || '0'))
    AND provider = 'claude' AND evidence <> 'session_total' AND response_key NOT LIKE '%/compaction-%'
  UNION ALL
  SELECT ${HELD} FROM response_rows
  WHERE provider = 'claude' AND response_key NOT LIKE '%/compaction-%'
    AND response_key IN (SELECT response_key FROM session_copies WHERE session_id = @sessionId)
  ORDER BY atMs`;
