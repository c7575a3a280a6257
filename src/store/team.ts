import { createHash } from 'node:crypto';
import type { ResponseCounterName } from '../usage/counters.js';
import type { CostExtent } from '../usage/record.js';
import type { TeamSurroundings } from '../usage/surroundings.js';
import { BUCKET_MS, bucketStartOf } from './bucket-tally.js';
import { refreshBuckets } from './buckets.js';
import { refreshCostRecords } from './cost-records.js';
import type { Connection } from './open.js';
import type { SentInvocation } from './outbox-rows.js';
import { insertRow, readRows } from './sql.js';
import { PUT_INVOCATION, PUT_RESPONSE, PUT_THREAD, SET_THREAD } from './team-statements.js';

/*
 * `team.db`: what a pull has brought from a fleet, in the tables of any other database of codex-metered, so that every report
 * reads it. Rows of it are written here alone.
 */

export interface TeamInvocation extends SentInvocation {
  readonly surroundings: TeamSurroundings;
}

export interface TeamResponse extends Readonly<Record<ResponseCounterName, number>> {
  /** The id that every machine of the fleet gives this response. */
  readonly id: string;
  readonly invocationId: string | null;
  readonly projectId: string;
  readonly provider: string;
  readonly model: string;
  readonly serviceTier: string | null;
  readonly evidence: string;
  readonly source: string;
  readonly costNanoUsd: number | null;
  readonly costExtent: CostExtent;
  readonly completedAtMs: number;
  /** Null where the machine does not send threads. */
  readonly threadId: string | null;
  readonly surroundings: TeamSurroundings;
}

/** What was pulled into a database, and up to where. */
export interface PullState {
  readonly target: string;
  /** Of the server's database. */
  readonly address: string;
  /** All that transactions before this one had changed is here. */
  readonly cursor: number;
  /** Responses that were completed before then were never asked for. */
  readonly sinceMs: number;
  readonly pulledAtMs: number;
  /** The ids of rows that were left out, because they cannot be right. */
  readonly refused: readonly string[];
  /** Responses that the server has as sums alone. */
  readonly pruned: number;
  /** Responses that came as sums of invocations: here each sum is a response. */
  readonly summed: number;
}

/** What became of a pull. */
export type PullOutcome =
  | {
      readonly kind: 'pulled';
      readonly responses: number;
      readonly invocations: number;
      readonly deleted: number;
      readonly state: PullState;
    }
  | { readonly kind: 'failed'; readonly reason: string };

export function readPullState(connection: Connection): PullState | undefined {
  const columns = 'target, address, cursor, since_ms AS sinceMs, pulled_at_ms AS pulledAtMs, refused, pruned, summed';
  return readRows<PullState>(connection, `SELECT ${columns} FROM pulls`, [], ['refused'])[0];
}

/** Writes what a pull brings. The caller has begun a transaction, and ends it. */
export interface TeamWriter {
  /** Deletes all that was pulled before. */
  clear(): void;
  putInvocation(invocation: TeamInvocation): void;
  hasInvocation(id: string): boolean;
  putResponse(response: TeamResponse): void;
  deleteResponse(id: string): void;
  /** Gives users who are not known any more, and machines that have another name now, the names that they are to have. */
  rename(users: readonly string[], machines: readonly Pick<TeamSurroundings, 'store' | 'host'>[]): void;
  /** Brings sums up to date, and notes what was pulled. */
  finish(state: PullState): void;
}

export function writeTeam(connection: Connection): TeamWriter {
  connection.exec('CREATE UNIQUE INDEX IF NOT EXISTS responses_by_fleet_id ON response_rows (response_key)');
  const put = prepareAll(connection);
  const threads = createThreads(connection);
  const quarters = new Set<number>();
  const invocations = new Set<string>();
  const touch = (row: { readonly completedAtMs: number; readonly invocationId: string | null } | undefined) => {
    if (!row) return;
    quarters.add(bucketStartOf(row.completedAtMs));
    if (row.invocationId !== null) invocations.add(row.invocationId);
  };
  return {
    clear() {
      for (const table of CLEARED) connection.exec(`DELETE FROM ${table}`);
    },
    putInvocation(invocation) {
      put.invocation.run(toInvocationValues(invocation));
      put.deleteTags.run(invocation.id);
      for (const [key, value] of Object.entries(invocation.tags)) put.tag.run(invocation.id, key, value);
      invocations.add(invocation.id);
      // The project of a bucket is that of the invocation.
      for (const startMs of put.quartersOf.all(invocation.id)) quarters.add(startMs);
    },
    hasInvocation: (id) => put.isInvocation.get(id) !== undefined,
    putResponse(response) {
      const { invocationId, id: key } = response;
      touch(put.find.get(key));
      const threadId = invocationId === null ? threads.idOf(response) : (response.threadId ?? invocationId);
      put.response.run({ ...response, surroundings: null, key, threadId, now: Date.now() });
      touch(response);
    },
    deleteResponse(id) {
      touch(put.find.get(id));
      put.deleteResponse.run(id);
    },
    rename: (users, machines) => rename(connection, users, machines),
    finish(state) {
      for (const id of invocations) {
        refreshCostRecords(connection, id);
        put.threadOf.run({ id });
      }
      refreshBuckets(connection, quarters);
      connection.exec('DELETE FROM pulls');
      const { target, address, cursor, sinceMs: since_ms, pulledAtMs: pulled_at_ms, pruned, summed } = state;
      const refused = JSON.stringify(state.refused);
      insertRow(connection, 'pulls', { target, address, cursor, since_ms, pulled_at_ms, refused, pruned, summed });
    },
  };
}

const CLEARED = ['response_rows', 'cost_records', 'invocation_tags', 'invocations', 'threads', 'buckets', 'pulls'];

function prepareAll(connection: Connection) {
  return {
    invocation: connection.prepare<[object]>(PUT_INVOCATION),
    isInvocation: connection.prepare<[string]>('SELECT 1 FROM invocations WHERE id = ?'),
    deleteTags: connection.prepare<[string]>('DELETE FROM invocation_tags WHERE invocation_id = ?'),
    tag: connection.prepare<[string, string, string]>(
      "INSERT INTO invocation_tags (invocation_id, key, value, origin) VALUES (?, ?, ?, 'fleet')",
    ),
    quartersOf: connection
      .prepare<[string], number>(
        `SELECT DISTINCT completed_at_ms / ${BUCKET_MS} * ${BUCKET_MS} FROM response_rows WHERE invocation_id = ?`,
      )
      .pluck(),
    response: connection.prepare<[object]>(PUT_RESPONSE),
    find: connection.prepare<[string], { completedAtMs: number; invocationId: string | null }>(
      'SELECT completed_at_ms AS completedAtMs, invocation_id AS invocationId FROM response_rows WHERE response_key = ?',
    ),
    threadOf: connection.prepare<[object]>(SET_THREAD),
    deleteResponse: connection.prepare<[string]>('DELETE FROM response_rows WHERE response_key = ?'),
  };
}

/** A response without an invocation has the project and the surroundings of its thread, so it needs one. */
function createThreads(connection: Connection) {
  const insert = connection.prepare<[object]>(PUT_THREAD);
  const known = new Map<string, string>();
  const find = connection.prepare<[string], { projectId: string; surroundings: string }>(
    'SELECT project_id AS projectId, surroundings FROM threads WHERE id = ?',
  );
  return {
    /** Where a machine does not send threads, or two of them say different things of one, all that have the same surroundings are one. */
    idOf({ threadId, projectId, provider, completedAtMs, surroundings }: TeamResponse): string {
      const written = JSON.stringify(surroundings);
      const of = `${threadId ?? ''} ${projectId} ${written}`;
      const before = known.get(of);
      if (before !== undefined) return before;
      const thread = threadId === null ? undefined : find.get(threadId);
      const isFree = !thread || (thread.projectId === projectId && thread.surroundings === written);
      const id =
        threadId !== null && isFree ? threadId : `past-${createHash('sha256').update(of).digest('hex').slice(0, 16)}`;
      insert.run({ id, provider, projectId, completedAtMs, surroundings: written });
      known.set(of, id);
      return id;
    },
  };
}

function rename(
  connection: Connection,
  users: readonly string[],
  machines: readonly Pick<TeamSurroundings, 'store' | 'host'>[],
): void {
  for (const table of ['invocations', 'threads']) {
    const forget = `
      UPDATE ${table} SET surroundings = json_set(surroundings, '$.user', 'forgotten')
      WHERE surroundings ->> 'user' <> 'forgotten' AND surroundings ->> 'user' NOT IN (SELECT value FROM json_each(?))`;
    const renameHosts = `
      UPDATE ${table} SET surroundings = json_set(surroundings, '$.host', m.value ->> 'host') FROM json_each(?) m
      WHERE m.value ->> 'store' = surroundings ->> 'store' AND m.value ->> 'host' <> surroundings ->> 'host'`;
    connection.prepare<[string]>(forget).run(JSON.stringify(users));
    connection.prepare<[string]>(renameHosts).run(JSON.stringify(machines));
  }
}

function toInvocationValues({ tags: _, surroundings, ...invocation }: TeamInvocation): object {
  return { ...invocation, surroundings: JSON.stringify(surroundings), origins: ORIGINS };
}

const ORIGINS = JSON.stringify({ project: 'fleet', run: 'fleet', phase: 'fleet', iteration: 'fleet' });
