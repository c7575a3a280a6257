import { refreshCostRecords } from './cost-records.js';
import type { Connection } from './open.js';
import { unpackForInvocation } from './packs.js';
import { dropStandIns } from './stand-ins.js';

/*
 * To which invocation a response belongs. Two may record the same one: a client of an app-server and the server, an
 * interactive Codex and another in its folder, a run that was killed and the one that resumed its thread. In this order:
 *
 * 1. An invocation to which Codex told the thread's name, in its own output, goes before one that only saw the file.
 * 2. One whose end is known goes before one that was abandoned: that one takes all of its thread until it is settled.
 * 3. Otherwise it stays where it is.
 *
 * Live recording (`responses.ts`, `store.ts`), imports (`history.ts`) and settling all ask here.
 */

/** SQL: the place of the invocation whose id is `id` in that order; the lowest goes first. */
const rankOf = (id: string) =>
  `(SELECT iif(thread_known_by = 'output', 0, 2) + iif(status = 'abandoned', 1, 0) FROM invocations WHERE id = ${id})`;

/** SQL: whether a response that `holder` has belongs to `candidate`, which recorded it too; both are ids, `holder` may be NULL. */
export const goesBefore = (candidate: string, holder: string) =>
  `(${holder} IS NULL OR ${rankOf(candidate)} < ${rankOf(holder)})`;

/** Responses that now belong elsewhere, or are gone. */
export interface Moved {
  /** When they were completed: their buckets have changed. */
  readonly atMs: readonly number[];
  /** The invocations whose cost records have changed. */
  readonly invocationIds: readonly string[];
}

/**
 * Gives an invocation the responses of its thread, and of that thread's children, that belong to it: those that were
 * completed while it ran or in a turn that began then, and that nobody has who goes before it. What stood in for
 * them goes. The cost records of all whom it concerns follow; the buckets are the caller's. To be used within a
 * transaction, as often as one likes.
 */
export function settleOwnership(connection: Connection, invocationId: string): Moved {
  unpackForInvocation(connection, invocationId);
  const claimed = connection.prepare<[object], Claimed>(CLAIMABLE).all({ invocationId });
  const take = connection.prepare<[string, number]>('UPDATE response_rows SET invocation_id = ? WHERE id = ?');
  for (const { id } of claimed) take.run(invocationId, id);
  return concludeMoves(connection, invocationId, claimed);
}

/** Only has what stood in for the responses that an invocation has go, as `settleOwnership` does too. */
export function replaceStandIns(connection: Connection, invocationId: string): Moved {
  return concludeMoves(connection, invocationId, []);
}

function concludeMoves(connection: Connection, invocationId: string, claimed: readonly Claimed[]): Moved {
  const dropped = dropStandIns(connection, invocationId);
  if (claimed.length + dropped.length === 0) return NOTHING_MOVED;
  const invocationIds = [...new Set([invocationId, ...claimed.flatMap(({ holder }) => holder ?? [])])];
  for (const id of invocationIds) refreshCostRecords(connection, id);
  return { atMs: [...claimed.map(({ atMs }) => atMs), ...dropped], invocationIds };
}

/** The same for the invocations that the responses of threads may belong to; for many threads. */
export function createThreadSettlement(connection: Connection): (threadIds: readonly string[]) => Moved {
  // Where nothing was ever metered, as when a history is read first, there is nobody to look for.
  const hasInvocations = connection.prepare('SELECT 1 FROM invocations LIMIT 1');
  const find = connection.prepare<[string], string>(ENDED_OF_THREAD).pluck();
  return (threadIds) => {
    if (!hasInvocations.get()) return NOTHING_MOVED;
    const invocationIds = threadIds.flatMap((threadId) => find.all(threadId));
    return combineMoves(invocationIds.map((invocationId) => settleOwnership(connection, invocationId)));
  };
}

/** The same where `writerId` has recorded responses of `threadIds`: for those who go before it, whether they run or not. */
export function settleBetterOwners(connection: Connection, writerId: string, threadIds: Iterable<string>): Moved {
  const find = connection.prepare<[object], string>(BETTER_OF_THREAD).pluck();
  const invocationIds = [...threadIds].flatMap((threadId) => find.all({ threadId, writerId }));
  return combineMoves([...new Set(invocationIds)].map((invocationId) => settleOwnership(connection, invocationId)));
}

/** What an invocation has recorded, or is about to, as far as it is told apart here. */
export type Booked = readonly [threadId: string, key: string, completedAtMs: number, rootTurnId: string | undefined];

/** Which of `booked` belong to other invocations than `invocationId`; by their places in the list. */
export function findCeded(connection: Connection, invocationId: string, booked: readonly Booked[]): number[] {
  return connection
    .prepare<[object], number>(CEDED)
    .pluck()
    .all({ invocationId, booked: JSON.stringify(booked) });
}

const NOTHING_MOVED: Moved = { atMs: [], invocationIds: [] };

/** As one. */
export function combineMoves(parts: readonly Moved[]): Moved {
  return {
    atMs: parts.flatMap(({ atMs }) => atMs),
    invocationIds: [...new Set(parts.flatMap((part) => part.invocationIds))],
  };
}

interface Claimed {
  readonly id: number;
  readonly holder: string | null;
  readonly atMs: number;
}

/** SQL: the thread whose id is `id`, and its children. A fork is a session of its own, though its chain of parents began there. */
export const threadsFrom = (id: string) =>
  `(SELECT ${id} UNION SELECT id FROM threads WHERE root_id = ${id} AND kind <> 'main' AND id <> root_id)`;

/** SQL: the beginning of a UUID of version 7 that is made at `atMs`; NULL for NULL. */
const uuidAt = (atMs: string) => `iif(${atMs} IS NULL, NULL, printf('%08x-%04x', ${atMs} >> 16, ${atMs} & 0xffff))`;

/**
 * SQL: whether a response was completed while the invocation `i` ran, or in a turn that began while it ran. A turn goes on
 * in a server when the client that began it has been killed (0.171); its id tells when it began (a UUID of version 7 in every
 * release that has turn ids, 0.101 to 0.171).
 */
const ranDuring = (i: string, completedAtMs: string, turnId: string) => `(
  ${completedAtMs} BETWEEN ${i}.started_at_ms AND coalesce(${i}.ended_at_ms, 1e300) OR (substr(${turnId}, 15, 1) = '7'
    AND substr(${turnId}, 1, 13) BETWEEN ${uuidAt(`${i}.started_at_ms`)} AND ${uuidAt(`${i}.ended_at_ms`)}))`;

const CLAIMABLE = `
  SELECT r.id, r.invocation_id AS holder, r.completed_at_ms AS atMs FROM invocations i
    JOIN response_rows r ON r.thread_id IN ${threadsFrom('i.thread_id')}
  WHERE i.id = @invocationId AND r.invocation_id IS NOT i.id AND ${goesBefore('i.id', 'r.invocation_id')}
    AND ${ranDuring('i', 'r.completed_at_ms', 'coalesce(r.root_turn_id, r.turn_id)')}`;

const ENDED_OF_THREAD = `
  SELECT i.id FROM threads t JOIN invocations i ON i.thread_id IN (t.id, iif(t.kind = 'main', t.id, t.root_id))
  WHERE t.id = ? AND i.ended_at_ms IS NOT NULL ORDER BY i.started_at_ms DESC`;

const BETTER_OF_THREAD = `
  SELECT i.id FROM invocations i
  WHERE i.thread_id IN (SELECT @threadId UNION SELECT root_id FROM threads WHERE id = @threadId AND kind <> 'main')
    AND i.id <> @writerId AND ${goesBefore('i.id', '@writerId')} ORDER BY i.started_at_ms DESC`;

const CEDED = `
  SELECT b.key FROM json_each(@booked) b
  WHERE EXISTS (SELECT 1 FROM response_rows r WHERE r.thread_id = b.value ->> 0 AND r.response_key = b.value ->> 1
      AND r.invocation_id <> @invocationId AND NOT ${goesBefore('@invocationId', 'r.invocation_id')})
    OR EXISTS (SELECT 1 FROM invocations i WHERE i.thread_id = b.value ->> 0 AND i.id <> @invocationId
      AND ${goesBefore('i.id', '@invocationId')}
      AND ${ranDuring('i', 'b.value ->> 2', 'b.value ->> 3')})`;
