import type { ClientBase } from 'pg';
import { UsageError } from '../../errors.js';
import { SAFE_PATH, SCHEMA } from './tables.js';

/*
 * Partitions of `responses`, a month of ids each. What no partition has, such as past sessions, is in responses_default;
 * rows that lie there for a month that gets a partition move over. Moved and dropped rows stay in the sums, because the
 * triggers that keep those are on `responses` and not on its partitions.
 */
export const PARTITIONS = `
CREATE OR REPLACE FUNCTION make_partitions(months_ahead int) RETURNS SETOF text LANGUAGE plpgsql
${SAFE_PATH} AS $$
DECLARE
  first_month timestamp := date_trunc('month', now() AT TIME ZONE 'UTC');
  month timestamp;
  lower uuid;
  upper uuid;
  name text;
BEGIN
  FOR month IN SELECT first_month + n * interval '1 month' FROM generate_series(0, months_ahead) n LOOP
    name := 'responses_' || to_char(month, 'YYYY_MM');
    CONTINUE WHEN to_regclass(name) IS NOT NULL;
    LOCK TABLE responses IN SHARE ROW EXCLUSIVE MODE;
    lower := id_floor(month AT TIME ZONE 'UTC');
    upper := id_floor((month + interval '1 month') AT TIME ZONE 'UTC');
    EXECUTE format('CREATE TABLE %I (LIKE responses INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
    EXECUTE format('WITH moved AS (DELETE FROM responses_default WHERE id >= %L AND id < %L RETURNING *)
      INSERT INTO %I SELECT * FROM moved', lower, upper, name);
    EXECUTE format('ALTER TABLE responses ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, lower, upper);
    RETURN NEXT name;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION prune(before timestamptz) RETURNS TABLE (dropped text, deleted bigint) LANGUAGE plpgsql
${SAFE_PATH} AS $$
DECLARE
  horizon timestamptz := date_trunc('month', before AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
  name text;
BEGIN
  IF horizon <= coalesce((SELECT max(pruned_before) FROM retention), '-infinity') THEN RETURN; END IF;
  /* From here on, what is older is not counted again when a machine sends it once more: it stays in the sums. */
  LOCK TABLE responses IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM retention;
  INSERT INTO retention VALUES (horizon);
  FOR name IN
    SELECT c.relname FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid WHERE h.inhparent = 'responses'::regclass
    AND c.relname ~ '^responses_\\d{4}_\\d\\d$' AND c.relname < 'responses_' || to_char(horizon AT TIME ZONE 'UTC', 'YYYY_MM')
    ORDER BY 1
  LOOP
    EXECUTE format('ALTER TABLE responses DETACH PARTITION %I', name);
    EXECUTE format('DROP TABLE %I', name);
    dropped := name;
    RETURN NEXT;
  END LOOP;
  dropped := NULL;
  DELETE FROM responses_default WHERE id < id_floor(horizon);
  GET DIAGNOSTICS deleted = ROW_COUNT;
  RETURN NEXT;
END $$;
`;

export interface Pruned {
  /** Partitions that were dropped. */
  readonly partitions: readonly string[];
  /** Responses that were deleted beside them. */
  readonly deleted: number;
  /** The responses of this time and later are still there. */
  readonly keptFrom: Date | undefined;
}

/**
 * Takes away the single responses of the months that ended before `before`. Their sums by quarter of an hour, day and
 * invocation stay. What is older than that is from now on ignored when it is sent again.
 */
export async function pruneFleet(client: ClientBase, before: Date, { dryRun = false } = {}): Promise<Pruned> {
  return inTransaction(client, dryRun, async () => {
    const { rows } = await client.query<{ dropped: string | null; deleted: string | null }>(
      `SELECT * FROM ${SCHEMA}.prune($1)`,
      [before],
    );
    const kept = await client.query<{ at: Date | null }>(`SELECT max(pruned_before) AS at FROM ${SCHEMA}.retention`);
    return {
      partitions: rows.flatMap(({ dropped }) => dropped ?? []),
      deleted: Number(rows.find(({ dropped }) => dropped === null)?.deleted ?? 0),
      keptFrom: kept.rows[0]?.at ?? undefined,
    };
  });
}

/** Rolls a dry run back at its end, so that it says exactly what the real one would do. */
async function inTransaction<T>(client: ClientBase, dryRun: boolean, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query(dryRun ? 'ROLLBACK' : 'COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

export interface Forgotten {
  /** In how many tenants the user was. */
  readonly users: number;
  readonly invocations: number;
  /** Machines whose host name was taken away, because this user alone had pushed from them. */
  readonly machines: number;
}

/**
 * Takes a user's name out of the record: what the user spent stays, under `forgotten`. Also goes the name of a machine from which
 * nobody else has pushed, and who started a job in CI. Throws a UsageError where there is no such user.
 */
export async function forgetUser(client: ClientBase, user: string, { dryRun = false } = {}): Promise<Forgotten> {
  return inTransaction(client, dryRun, async () => {
    const { rows } = await client.query<Forgotten>(FORGET, [user]);
    const [result] = rows;
    if (result && result.users > 0) return result;
    throw new UsageError(`The fleet has no user "${user}". Users are spelt as reports show them.`);
  });
}

const FORGET = `
  WITH gone AS (UPDATE ${SCHEMA}.users SET name = NULL WHERE name = $1 RETURNING id),
  theirs AS (
    SELECT store FROM (
      SELECT store, usr FROM ${SCHEMA}.invocations UNION ALL SELECT store, usr FROM ${SCHEMA}.responses
    ) rows GROUP BY store HAVING bool_and(usr IN (SELECT id FROM gone))
  ),
  machines AS (
    UPDATE ${SCHEMA}.stores SET host = 'forgotten' WHERE id IN (SELECT store FROM theirs) AND host <> 'forgotten' RETURNING 1
  ),
  invocations AS (
    UPDATE ${SCHEMA}.invocations SET ci = ci - 'actor' WHERE usr IN (SELECT id FROM gone) AND ci ? 'actor' RETURNING 1
  )
  SELECT (SELECT count(*) FROM gone)::int AS users,
    (SELECT count(*) FROM ${SCHEMA}.invocations WHERE usr IN (SELECT id FROM gone))::int AS invocations,
    (SELECT count(*) FROM machines)::int AS machines`;

export interface Missing {
  /** Invocations that were running when their machine was last heard of, an hour ago or longer. The newest come first. */
  readonly invocations: readonly {
    readonly project: string;
    readonly run: string;
    readonly phase: string;
    readonly user: string;
    readonly host: string;
    readonly startedAt: Date;
    readonly lastSeen: Date;
  }[];
  /** Machines that have been silent for an hour. */
  readonly quietMachines: number;
}

/** Lists invocations of whose end the fleet has not heard. The role must be allowed to read; it sees those of its tenant. */
export async function listMissing(client: ClientBase): Promise<Missing> {
  const lost = await client.query<Missing['invocations'][number]>(`
    SELECT project, run, phase, user_name AS "user", host, started_at AS "startedAt", last_seen AS "lastSeen"
    FROM ${SCHEMA}.lost_invocations ORDER BY started_at DESC, id`);
  const quiet = await client.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${SCHEMA}.machines WHERE quiet`);
  return { invocations: lost.rows, quietMachines: quiet.rows[0]?.n ?? 0 };
}
