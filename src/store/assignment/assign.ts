import { refreshCostRecords } from '../cost-records.js';
import { insertNote } from '../invocations.js';
import type { Connection } from '../open.js';
import { unpackThreads } from '../packs.js';
import { readColumn, readRow, readRows, readValue } from '../sql.js';
import {
  goesBefore,
  IN_GIVEN_WINDOW,
  IN_RECORDED_WINDOW,
  IS_STAND_IN,
  isInWindow,
  OF_THREADS,
  threadsAbove,
  type Window,
} from './rule.js';

/** Responses that were assigned anew or deleted: whose sums and cost records have changed. */
export interface Reassigned {
  /** When they were completed. The buckets of these times are the caller's to refresh. */
  readonly atMs: readonly number[];
  /** Their invocations, before and after; the cost records of these are refreshed already. */
  readonly invocationIds: readonly string[];
}

/**
 * Assigns to an invocation what it may have of its threads, and deletes the stand-ins that are not needed any more.
 * `window`: as its caller knows it, where that is more exact than the start and end that are recorded; then the invocation
 * also loses what lies outside of it. An end that is open there holds only for responses that no invocation has. To be
 * used within a transaction; a second call changes nothing.
 */
export function assignResponses(connection: Connection, invocationId: string, window?: Window): Reassigned {
  const found = readRow<Candidate>(connection, CANDIDATE, [invocationId]);
  if (!found) return NOTHING_CHANGED;
  const { fromMs, untilMs } = window ?? { fromMs: found.startedAtMs, untilMs: found.endedAtMs };
  const values = { ...found, invocationId, fromMs: fromMs ?? null, untilMs: untilMs ?? null };
  unpackThreads(connection, readColumn<string>(connection, PACKED_THREADS, values));
  const assigned = readRows<Assignable>(connection, ASSIGNABLE, values);
  const assign = connection.prepare<[string, number]>('UPDATE response_rows SET invocation_id = ? WHERE id = ?');
  for (const { id } of assigned) assign.run(invocationId, id);
  const released = window ? readColumn<number>(connection, RELEASE, values) : [];
  return conclude(connection, invocationId, assigned, released);
}

/** Deletes the stand-ins of an invocation that its responses of a session file replace, as `assignResponses` does too. */
export function replaceStandIns(connection: Connection, invocationId: string): Reassigned {
  return conclude(connection, invocationId, [], []);
}

/**
 * Does the same as `assignResponses` for all that may have responses of `threadIds`, which `writerId` has just recorded:
 * for those that go before it. Null is an import: then for all whose end is recorded.
 */
export function assignThreads(
  connection: Connection,
  threadIds: Iterable<string>,
  writerId: string | null,
): Reassigned {
  // Where nothing was ever metered, as when a history is read first, there is nobody to look for.
  if (readValue(connection, 'SELECT 1 FROM invocations LIMIT 1') === undefined) return NOTHING_CHANGED;
  const find = connection.prepare<[object], string>(CANDIDATES_OF_THREAD).pluck();
  const ids = new Set([...threadIds].flatMap((threadId) => find.all({ threadId, writerId })));
  return combineReassigned([...ids].map((id) => assignResponses(connection, id)));
}

/** A response as far as its assignment needs it. The turn is the one of the root thread where there is one. */
export type ResponseRef = readonly [threadId: string, key: string, completedAtMs: number, turnId: string | undefined];

/** Which of `responses`, recorded by an invocation or about to be, are assigned to others; by their indexes. */
export function findAssignedElsewhere(
  connection: Connection,
  invocationId: string,
  responses: readonly ResponseRef[],
): number[] {
  return readColumn(connection, ASSIGNED_ELSEWHERE, { invocationId, responses: JSON.stringify(responses) });
}

/** How many responses of a thread and its children were read from session files and lie in a window. */
export function countRead(
  connection: Connection,
  { threadId, window = { fromMs: undefined, untilMs: undefined }, availableTo }: ReadQuery,
): number {
  const isAvailable = availableTo === undefined ? 'TRUE' : 'coalesce(invocation_id, @availableTo) = @availableTo';
  const sql = `SELECT count(*) FROM responses
    WHERE ${OF_THREADS} AND ${IN_GIVEN_WINDOW} AND NOT ${IS_STAND_IN} AND ${isAvailable}`;
  const values = { threadId, fromMs: window.fromMs ?? null, untilMs: window.untilMs ?? null, availableTo };
  return readValue(connection, sql, values) as number;
}

export interface ReadQuery {
  readonly threadId: string;
  /** All of the thread when absent. */
  readonly window?: Window;
  /** Only what this invocation has, or no invocation. */
  readonly availableTo?: string;
}

const REPLACED = 'a session file was read later: what it counts has replaced what had stood in for it';

function conclude(
  connection: Connection,
  invocationId: string,
  assigned: readonly Assignable[],
  released: readonly number[],
): Reassigned {
  const dropped = readRows<StandIn>(connection, DROP_STAND_INS, { invocationId });
  if (assigned.length + released.length + dropped.length === 0) return NOTHING_CHANGED;
  if (dropped.length > 0) {
    const sum = (counter: 'input' | 'output') => dropped.reduce((total, row) => total + row[counter], 0);
    const figures = { responses: dropped.length, input: sum('input'), output: sum('output') };
    insertNote(connection, invocationId, { kind: 'fallback', reason: REPLACED, figures });
  }
  const invocationIds = [...new Set([invocationId, ...assigned.flatMap(({ holder }) => holder ?? [])])];
  for (const id of invocationIds) refreshCostRecords(connection, id);
  return { atMs: [...[...assigned, ...dropped].map(({ atMs }) => atMs), ...released], invocationIds };
}

const NOTHING_CHANGED: Reassigned = { atMs: [], invocationIds: [] };

export function combineReassigned(parts: readonly Reassigned[]): Reassigned {
  return {
    atMs: parts.flatMap(({ atMs }) => atMs),
    invocationIds: [...new Set(parts.flatMap((part) => part.invocationIds))],
  };
}

interface Candidate {
  readonly threadId: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
}

interface Assignable {
  readonly id: number;
  readonly holder: string | null;
  readonly atMs: number;
}

interface StandIn {
  readonly atMs: number;
  readonly input: number;
  readonly output: number;
}

const CANDIDATE = `
  SELECT thread_id AS threadId, started_at_ms AS startedAtMs, ended_at_ms AS endedAtMs FROM invocations WHERE id = ?`;

const PACKED_THREADS = `
  SELECT thread_id FROM packed_responses WHERE ${IN_GIVEN_WINDOW} AND pack_id IN (
    SELECT id FROM response_packs WHERE ${OF_THREADS} AND last_completed_at_ms >= coalesce(@fromMs, 0))
  GROUP BY thread_id ORDER BY min(pack_id)`;

const ASSIGNABLE = `
  SELECT id, invocation_id AS holder, completed_at_ms AS atMs FROM response_rows
  WHERE ${OF_THREADS} AND ${IN_GIVEN_WINDOW} AND invocation_id IS NOT @invocationId
    AND (invocation_id IS NULL OR ${IN_RECORDED_WINDOW} AND ${goesBefore('@invocationId', 'invocation_id')})`;

const RELEASE = `
  UPDATE response_rows SET invocation_id = NULL
  WHERE invocation_id = @invocationId AND ${OF_THREADS} AND NOT ${IN_GIVEN_WINDOW} AND NOT ${IS_STAND_IN}
  RETURNING completed_at_ms`;

// Of equal ones the first takes: the one that started last, and backfilled ones in the order in which the backfill takes them.
const CANDIDATES_OF_THREAD = `
  SELECT i.id FROM invocations i
  WHERE i.thread_id IN ${threadsAbove('@threadId')} AND i.id IS NOT @writerId AND ${goesBefore('i.id', '@writerId')}
    AND (@writerId IS NOT NULL OR i.ended_at_ms IS NOT NULL) 
  ORDER BY i.origin = 'backfilled', iif(i.origin = 'backfilled', i.ended_at_ms, -i.started_at_ms)`;

const ASSIGNED_ELSEWHERE = `
  SELECT b.key FROM json_each(@responses) b
  WHERE EXISTS (SELECT 1 FROM response_rows r WHERE r.thread_id = b.value ->> 0 AND r.response_key = b.value ->> 1
      AND r.invocation_id <> @invocationId AND NOT ${goesBefore('@invocationId', 'r.invocation_id')})
    OR EXISTS (SELECT 1 FROM invocations i WHERE i.thread_id IN ${threadsAbove('b.value ->> 0')}
      AND i.id <> @invocationId AND ${goesBefore('i.id', '@invocationId')}
      AND ${isInWindow('i.started_at_ms', 'i.ended_at_ms', 'b.value ->> 2', 'b.value ->> 3')})`;

// An estimate for one response that the session file leaves uncounted stands beside what the file counts.
const DROP_STAND_INS = `
  DELETE FROM response_rows WHERE invocation_id = @invocationId AND ${IS_STAND_IN} AND response_key NOT LIKE 'estimate:%'
    AND EXISTS (SELECT 1 FROM response_rows better WHERE better.invocation_id = @invocationId
      AND better.evidence IN ('usage_record', 'token_count') AND (better.thread_id = response_rows.thread_id
        OR response_rows.thread_id = 'invocation:' || @invocationId))
  RETURNING completed_at_ms AS atMs, input_tokens AS input, output_tokens AS output`;
