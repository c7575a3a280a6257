import { RESPONSE_COUNTERS, type ResponseCounterName } from '../usage/counters.js';
import type { CostExtent } from '../usage/record.js';
import { type ResponseIdentity, toResponseId } from '../usage/response-id.js';
import type { InvocationSurroundings } from '../usage/surroundings.js';
import { selectCounters } from './counter-columns.js';
import type { Connection } from './open.js';
import type { OutboxEntry } from './outbox.js';
import { joinInvocationAndThread, PROJECT, readRows } from './sql.js';

/** A response as it is recorded now, with what its invocation or its thread says of it. */
export interface OutboxResponse extends ResponseIdentity, Readonly<Record<ResponseCounterName, number>> {
  /** The number of the newest entry about it. */
  readonly seq: number;
  readonly model: string;
  readonly serviceTier: string | null;
  readonly evidence: string;
  readonly source: string;
  readonly costNanoUsd: number | null;
  readonly costExtent: CostExtent;
  readonly projectId: string;
  readonly invocationId: string | null;
  readonly runId: string | null;
  readonly phase: string | null;
  readonly iteration: number | null;
  /** 1: it was read from past sessions, or backfilled. */
  readonly isPast: 0 | 1;
  /** Of its invocation; empty without one. */
  readonly surroundings: InvocationSurroundings;
}

/** What a fleet has of an invocation, as one machine sends it and another pulls it. */
export interface SentInvocation {
  readonly id: string;
  readonly projectId: string;
  readonly runId: string;
  readonly phase: string;
  readonly iteration: number;
  readonly status: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly codexVersion: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

export interface OutboxInvocation extends SentInvocation {
  readonly seq: number;
  /** 1: it was backfilled. */
  readonly isPast: 0 | 1;
  readonly surroundings: InvocationSurroundings;
}

/** A response that was deleted: a stand-in that a session file has replaced. */
export interface GoneResponse extends ResponseIdentity {
  readonly seq: number;
  readonly evidence: string;
}

export interface OutboxRows {
  readonly responses: readonly OutboxResponse[];
  readonly invocations: readonly OutboxInvocation[];
  readonly gone: readonly GoneResponse[];
}

/**
 * Reads the rows that entries are about, as they are now; each is read once, however many of the entries concern it. With a
 * response comes its invocation where that waits in the outbox as well, so that a target knows it.
 */
export function readOutboxRows(connection: Connection, entries: readonly OutboxEntry[]): OutboxRows {
  const of = (kind: OutboxEntry['kind']) => {
    return entries.flatMap(({ seq, key, ...one }): Numbered[] => {
      return one.kind === kind && one.gone === null ? [[seq, key]] : [];
    });
  };
  const read = <Row>(sql: string, list: readonly Numbered[]): (Row & JsonColumns)[] => {
    return list.length === 0 ? [] : readRows(connection, sql, { entries: JSON.stringify(list) });
  };
  const kinds = [read<FlatResponse>(ROWS, of('response')), read<FlatResponse>(PACKED, of('pack'))];
  const responses = newestOfEach([...kinds.flat(), ...read<FlatResponse>(OF_THREAD, of('thread'))]).map(parseJson);
  const named = new Set(responses.flatMap(({ invocationId }) => invocationId ?? []));
  const invocations = new Map<string, number>(of('invocation').map(([seq, key]) => [key, seq]));
  const others = JSON.stringify([...named].filter((id) => !invocations.has(id)));
  for (const { id, seq } of readRows<{ id: string; seq: number }>(connection, SEQ_OF_INVOCATIONS, [others])) {
    invocations.set(id, seq);
  }
  const list = [...invocations].map(([key, seq]): Numbered => [seq, key]);
  return {
    responses,
    invocations: read<FlatInvocation>(INVOCATIONS, list).map(parseJson),
    gone: entries.flatMap((entry) => toGone(connection, entry)),
  };
}

export type Numbered = readonly [seq: number, key: string];

export interface JsonColumns {
  readonly surroundings: string | null;
  readonly tags?: string | null;
}
export type FlatResponse = Omit<OutboxResponse, keyof JsonColumns>;
export type FlatInvocation = Omit<OutboxInvocation, keyof JsonColumns>;

export function parseJson<Row>(row: Row & JsonColumns) {
  const surroundings = JSON.parse(row.surroundings ?? '{}') as InvocationSurroundings;
  return { ...row, surroundings, tags: JSON.parse(row.tags ?? '{}') as Record<string, string> };
}

/** A thread's entry may concern responses that have one of their own. */
function newestOfEach<Row extends FlatResponse>(responses: readonly Row[]): Row[] {
  const newest = new Map<string, Row>();
  for (const response of responses) {
    const name = JSON.stringify([response.threadId, response.key]);
    const known = newest.get(name);
    if (!known || known.seq < response.seq) newest.set(name, response);
  }
  return [...newest.values()];
}

/** Nothing where the response is recorded again, as one that Claude Code has copied into another session can be. */
function toGone(connection: Connection, { seq, key: json, gone }: OutboxEntry): GoneResponse[] {
  if (gone === null) return [];
  const [threadId, key, completedAtMs] = JSON.parse(json) as [string, string, number];
  const [provider, evidence] = JSON.parse(gone) as [string, string];
  const id = toResponseId({ provider, threadId, key, completedAtMs });
  const alike = readRows<ResponseIdentity>(connection, OF_SAME_KEY, { threadId, key });
  if (alike.some((response) => toResponseId(response) === id)) return [];
  return [{ seq, provider, threadId, key, completedAtMs, evidence }];
}

/** SQL: columns of `OutboxResponse`, of a response `r`, its invocation `i` and its thread `t`. */
export const RESPONSE = `e.value ->> 0 AS seq, r.provider, r.thread_id AS threadId, r.response_key AS key, r.model,
  r.service_tier AS serviceTier, ${selectCounters('r', RESPONSE_COUNTERS)}, r.evidence, r.source,
  r.cost_nano_usd AS costNanoUsd, r.cost_extent AS costExtent, r.completed_at_ms AS completedAtMs`;

const ROWS = `
  SELECT ${RESPONSE}, ${PROJECT} AS projectId, i.id AS invocationId, i.run_id AS runId, i.phase, i.iteration,
    coalesce(i.origin, 'backfilled') = 'backfilled' AS isPast, i.surroundings
  FROM json_each(@entries) e
  JOIN response_rows r ON r.thread_id = e.value ->> 1 ->> 0 AND r.response_key = e.value ->> 1 ->> 1
  ${joinInvocationAndThread('r')}`;

const WITHOUT_INVOCATION = `coalesce(t.project_id, 'unknown') AS projectId, NULL AS invocationId, NULL AS runId,
  NULL AS phase, NULL AS iteration, 1 AS isPast, NULL AS surroundings`;

const PACKED = `
  SELECT ${RESPONSE}, ${WITHOUT_INVOCATION}
  FROM json_each(@entries) e JOIN packed_responses r ON r.pack_id = CAST(e.value ->> 1 AS INTEGER)
  LEFT JOIN threads t ON t.id = r.thread_id`;

const OF_THREAD = `
  SELECT ${RESPONSE}, ${WITHOUT_INVOCATION}
  FROM json_each(@entries) e JOIN responses r ON r.thread_id = e.value ->> 1
  LEFT JOIN threads t ON t.id = r.thread_id WHERE r.invocation_id IS NULL`;

export const INVOCATIONS = `
  SELECT e.value ->> 0 AS seq, i.id, i.project_id AS projectId, i.run_id AS runId, i.phase, i.iteration, i.status,
    i.started_at_ms AS startedAtMs, i.ended_at_ms AS endedAtMs, i.exit_code AS exitCode, i.signal,
    i.codex_version AS codexVersion, i.origin = 'backfilled' AS isPast, i.surroundings,
    (SELECT json_group_object(g.key, g.value) FROM invocation_tags g WHERE g.invocation_id = i.id) AS tags
  FROM json_each(@entries) e JOIN invocations i ON i.id = e.value ->> 1`;

const SEQ_OF_INVOCATIONS = `
  SELECT c.key AS id, c.seq FROM json_each(?) e JOIN changes c ON c.kind = 'invocation' AND c.key = e.value`;

const OF_SAME_KEY = `
  SELECT provider, thread_id AS threadId, response_key AS key, completed_at_ms AS completedAtMs FROM response_rows
  WHERE thread_id = @threadId AND response_key = @key
  UNION ALL SELECT provider, thread_id, response_key, completed_at_ms FROM response_rows
  WHERE provider = 'claude' AND response_key = @key`;
