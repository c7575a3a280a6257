import { listModelNames } from '../pricing/model-name.js';
import { COUNTERS } from '../usage/counters.js';
import type { Fees, ModelResponse } from '../usage/record.js';
import { goesOnFrom, type ModelTotal, takeOff } from '../usage/session-total.js';
import type { BucketSums } from './buckets.js';
import { COUNTER_COLUMNS } from './counter-columns.js';
import type { Bill } from './history-responses.js';
import type { Connection } from './open.js';
import { createPriceEncoder, RESPONSE_COLUMNS, RESPONSE_VALUES, readFees, toResponseValues } from './response-rows.js';
import { createHoldingsReader, createRunReader, type HeldResponse, type SessionRun } from './session-runs.js';

/** What gives a response its cost. */
export type BillResponse = (response: ModelResponse) => Bill;

/** Brings the remainders of sessions up to date; their buckets are renewed in `sums`. */
export type SettleSessions = (sessionIds: Iterable<string>, now: number, sums: BucketSums) => void;

/**
 * Prepares the comparing of the totals of sessions of Claude Code with the messages that are recorded of them. What a
 * run of a session has used beyond them (compactions, prompt hooks, cut streams) is recorded as one response per model. It
 * is computed anew from what is recorded whenever something of the session, or of one that it shares messages with, was
 * read: so the order in which files are read, and in which they grow, makes no difference.
 */
export function createSessionSettlement(connection: Connection, bill: BillResponse): SettleSessions {
  const findFamily = connection.prepare<[object], string>(FAMILY).pluck();
  const sessions = createSessions(connection);
  const write = createRemainderWriter(connection, bill);
  const setExtent = connection.prepare<[object]>(
    'UPDATE session_runs SET extent = @extent WHERE session_id = @sessionId AND ordinal = @ordinal AND extent <> @extent',
  );
  return (sessionIds, now, sums) => {
    const all = new Set<string>();
    for (const sessionId of sessionIds) for (const relative of findFamily.all({ sessionId })) all.add(relative);
    sessions.forget();
    for (const sessionId of all) {
      const remainders: ModelResponse[] = [];
      for (const run of sessions.listRuns(sessionId)) {
        const { responses, extent } = findRemainders(run, sessions);
        remainders.push(...responses);
        setExtent.run({ extent, sessionId, ordinal: run.ordinal });
      }
      write(sessionId, remainders, now, sums);
    }
  };
}

const FAMILY = `
  SELECT session_id FROM session_runs WHERE session_id = @sessionId
  UNION SELECT session_id FROM session_runs
    WHERE family_ms IN (SELECT family_ms FROM session_runs WHERE session_id = @sessionId)`;

/** What is recorded of sessions, each read once. */
interface Sessions {
  listRuns(sessionId: string): readonly SessionRun[];
  listHeld(sessionId: string): readonly HeldResponse[];
  listRelatives(run: SessionRun): readonly string[];
  forget(): void;
}

function createSessions(connection: Connection): Sessions {
  const readRuns = createRunReader(connection);
  const readHeld = createHoldingsReader(connection);
  const relatives = connection
    .prepare<[number | null, string], string>(
      'SELECT DISTINCT session_id FROM session_runs WHERE family_ms = ? AND session_id <> ?',
    )
    .pluck();
  const runs = new Map<string, SessionRun[]>();
  const held = new Map<string, HeldResponse[]>();
  return {
    listRuns: (sessionId) => remember(runs, sessionId, readRuns),
    listHeld: (sessionId) => remember(held, sessionId, readHeld),
    listRelatives: ({ familyMs, sessionId }) => relatives.all(familyMs, sessionId),
    forget() {
      runs.clear();
      held.clear();
    },
  };
}

function remember<T>(known: Map<string, T>, key: string, read: (key: string) => T): T {
  const found = known.get(key) ?? read(key);
  known.set(key, found);
  return found;
}

/** The total that a run goes on from, and the messages that are in it already. */
interface Base {
  readonly models: readonly ModelTotal[];
  readonly keys: ReadonlySet<string>;
  /** Messages before that are of an earlier run. */
  readonly fromMs: number;
}

const NO_BASE: Base = { models: [], keys: new Set(), fromMs: Number.NEGATIVE_INFINITY };

function findRemainders(run: SessionRun, sessions: Sessions) {
  const base = run.ordinal === 0 ? findParentBase(run, sessions) : findOwnBase(run, sessions);
  const untilMs = run.untilMs ?? Number.POSITIVE_INFINITY;
  const counted = sessions.listHeld(run.sessionId).filter(({ key, atMs }) => {
    return base.fromMs <= atMs && atMs < untilMs && !base.keys.has(key);
  });
  const { left, extent } = takeOff(run.models, { base: base.models, counted, nameModel });
  return { responses: left.map((total) => toResponse(run, total, counted)), extent };
}

function findOwnBase(run: SessionRun, sessions: Sessions): Base {
  const before = sessions.listRuns(run.sessionId).find(({ ordinal }) => ordinal === run.ordinal - 1);
  if (!before) return NO_BASE;
  return { models: before.models, keys: new Set(), fromMs: before.untilMs ?? before.endedAtMs };
}

/**
 * A fork's first total goes on from the newest one that its parent had written by then. A parent is a session with messages
 * in common, or (where a fork begins with a compaction, and so without messages) one that began in the same millisecond.
 */
function findParentBase(run: SessionRun, sessions: Sessions): Base {
  const own = sessions.listHeld(run.sessionId);
  const bases = sessions.listRelatives(run).flatMap((sessionId) => {
    const keys = new Set(sessions.listHeld(sessionId).map(({ key }) => key));
    if (!run.beginsCompacted && !own.some(({ key }) => keys.has(key))) return [];
    const forkedAtMs = own.find(({ key }) => !keys.has(key))?.atMs ?? run.endedAtMs;
    const earlier = sessions.listRuns(sessionId).filter(({ endedAtMs, models }) => {
      return endedAtMs < forkedAtMs && goesOnFrom(run.models, models, nameModel);
    });
    return earlier.map(({ models, endedAtMs }) => ({ models, keys, endedAtMs }));
  });
  const [newest] = bases.sort((a, b) => b.endedAtMs - a.endedAtMs);
  return newest ? { models: newest.models, keys: newest.keys, fromMs: Number.NEGATIVE_INFINITY } : NO_BASE;
}

/** A total names the model that was asked for, a message the one that answered: `claude-haiku-4-5[1m]`, `…-20251001`. */
function nameModel(model: string): string {
  return listModelNames(model.replace(/\[[^\]]*\]$/, '')).at(-1) ?? model;
}

/** Tier and region are those of the run's messages where they agree, because a total does not hold them. */
function toResponse(run: SessionRun, total: ModelTotal, counted: readonly HeldResponse[]): ModelResponse {
  const { sessionId, ordinal, endedAtMs } = run;
  const like = counted.filter(({ model }) => nameModel(model) === total.model);
  const inferenceGeo = agreed(like.map(({ fees }) => readFees(fees)?.inferenceGeo));
  const fees: Fees = { webSearches: total.webSearches, inferenceGeo, unknown: [] };
  return {
    provider: 'claude',
    threadId: sessionId,
    key: `total:${sessionId}:${ordinal}:${total.model}`,
    turnId: undefined,
    rootTurnId: undefined,
    model: total.model,
    serviceTier: agreed(like.map(({ serviceTier }) => serviceTier ?? undefined)),
    usage: total.usage,
    cacheWrite1h: total.cacheWrite1h,
    ...((total.webSearches > 0 || inferenceGeo !== undefined) && { fees }),
    evidence: 'session_total',
    source: 'actual',
    completedAtMs: endedAtMs,
  };
}

function agreed(words: readonly (string | undefined)[]): string | undefined {
  return words.every((word) => word === words[0]) ? words[0] : undefined;
}

/** Prepares the writing of a session's remainders: those that have changed, and no others. */
function createRemainderWriter(connection: Connection, bill: BillResponse) {
  const find = connection.prepare<[string], StoredRemainder>(FIND);
  const drop = connection.prepare<[string, string]>(
    'DELETE FROM response_rows WHERE thread_id = ? AND response_key = ?',
  );
  const insert = connection.prepare<[object]>(
    `INSERT INTO response_rows (${RESPONSE_COLUMNS}) VALUES (${RESPONSE_VALUES})`,
  );
  const toJson = createPriceEncoder();
  return (sessionId: string, remainders: readonly ModelResponse[], now: number, sums: BucketSums): void => {
    const stored = new Map(find.all(sessionId).map((row) => [row.key, row]));
    for (const response of remainders) {
      const before = stored.get(response.key);
      stored.delete(response.key);
      if (before?.counts === describeCounts(response)) continue;
      if (before) drop.run(sessionId, response.key);
      const billed = bill(response);
      insert.run(toResponseValues(response, billed, toJson(billed.price), now));
      for (const atMs of [before?.completedAtMs, response.completedAtMs]) if (atMs !== undefined) sums.renew(atMs);
    }
    for (const { key, completedAtMs } of stored.values()) {
      drop.run(sessionId, key);
      sums.renew(completedAtMs);
    }
  };
}

interface StoredRemainder {
  readonly key: string;
  readonly completedAtMs: number;
  readonly counts: string;
}

function describeCounts({ usage, cacheWrite1h = 0, serviceTier, fees, completedAtMs }: ModelResponse): string {
  const counts = COUNTERS.map(({ name }) => usage[name]);
  return JSON.stringify([
    ...counts,
    cacheWrite1h,
    completedAtMs,
    serviceTier ?? null,
    fees ? JSON.stringify(fees) : null,
  ]);
}

const FIND = `
  SELECT response_key AS key, completed_at_ms AS completedAtMs, json_array(${COUNTER_COLUMNS},
    cache_write_1h_tokens, completed_at_ms, service_tier, fees) AS counts
  FROM response_rows WHERE thread_id = ? AND evidence = 'session_total'`;
