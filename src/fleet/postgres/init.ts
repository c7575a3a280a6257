import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import { StoreError } from '../../errors.js';
import { FUNCTIONS } from './push-function.js';
import { ADD_MISSING_COUNTERS, SCHEMA, STEPS } from './tables.js';
import { PARTITIONS } from './upkeep.js';
import { GRANT_AGAIN, GRANTS, POLICIES, VIEWS } from './views.js';

/** `security_invoker`, by which a view shows a reader the rows of its tenant alone, is new in 15. */
const LEAST_SERVER = 150_000;
const MONTHS_AHEAD = 3;
/** One `fleet init` at a time: "codex-metered" as a number. */
const LOCK = 7_209_115_621;

export interface FleetSchema {
  /** The version that was there: 0 where there was no schema. */
  readonly before: number;
  readonly version: number;
  /** The partitions of `responses` that were made. */
  readonly partitions: readonly string[];
  /** The roles that may push or read already, with their tenants. */
  readonly roles: readonly {
    readonly role: string;
    readonly tenant: string;
    readonly push: boolean;
    readonly read: boolean;
  }[];
}

/**
 * Makes the schema `codex_metered` in the database of `client`, or brings it up to date: in one transaction, so that it is
 * done or not begun, and of several at once one does it. Doing it again changes nothing but that months ahead get partitions.
 * Throws a StoreError that says what is missing: rights, or a newer server or program.
 */
export async function initFleet(client: ClientBase): Promise<FleetSchema> {
  await client.query('BEGIN');
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [LOCK]);
    await client.query(`SET LOCAL client_min_messages = warning`);
    const before = await readVersion(client);
    await client.query(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
    await client.query(`SET LOCAL search_path = ${SCHEMA}, pg_catalog`);
    await takeSteps(client, before);
    await makeReplaceable(client);
    await client.query(GRANT_AGAIN);
    const made = await client.query<{ name: string }>('SELECT make_partitions($1) AS name', [MONTHS_AHEAD]);
    const roles = await client.query<FleetSchema['roles'][number]>(ROLES);
    await client.query('COMMIT');
    return { before, version: STEPS.length, partitions: made.rows.map(({ name }) => name), roles: roles.rows };
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

const ROLES = `
  SELECT role::text AS role, t.name AS tenant, may_push AS push, may_read AS read
  FROM tenant_roles JOIN tenants t ON t.id = tenant ORDER BY role`;

/** What the administrator is asked to run, once for each role: SQL that can be copied. */
export function suggestRoles(database: string): string {
  return `\
-- CREATE ROLE needs CREATEROLE, which the owner of a database may not have. A superuser can run all of this.

-- A role for the machines. It can add to the record, and read nothing of it.
CREATE ROLE usage_pusher LOGIN PASSWORD 'choose one';
GRANT CONNECT ON DATABASE ${quoteName(database)} TO usage_pusher;
SELECT ${SCHEMA}.allow_push('usage_pusher');

-- A role for dashboards and people. It reads its tenant's rows, and changes none.
CREATE ROLE usage_reader LOGIN PASSWORD 'choose another';
GRANT CONNECT ON DATABASE ${quoteName(database)} TO usage_reader;
SELECT ${SCHEMA}.allow_read('usage_reader');

-- Teams that share a database but not their figures: each has a tenant, and roles of its own.
-- SELECT ${SCHEMA}.allow_push('pusher_of_a_team', 'the team');
`;
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Returns the version of the schema that is there. Throws a StoreError where it cannot be made or changed. */
async function readVersion(client: ClientBase): Promise<number> {
  const { rows } = await client.query<Facts>(FACTS);
  const [facts] = rows;
  if (!facts) throw new StoreError('refused', 'The server did not say what it is.');
  const { server, database, who, may_create: mayCreate, owner, owns, read_only: readOnly } = facts;
  if (server < LEAST_SERVER) {
    throw new StoreError('refused', `This is PostgreSQL ${Math.floor(server / 10_000)}: the fleet needs 15 or newer.`);
  }
  if (readOnly)
    throw new StoreError(
      'refused',
      `The server of "${database}" is read-only: connect to the one that it is a copy of.`,
    );
  if (owner === null) {
    if (mayCreate) return 0;
    throw new StoreError(
      'refused',
      `The role "${who}" may not make a schema in "${database}". Run fleet init as the owner of the database, or first: ` +
        `GRANT CREATE ON DATABASE ${quoteName(database)} TO ${quoteName(who)};`,
    );
  }
  if (!owns) {
    throw new StoreError(
      'refused',
      `The schema ${SCHEMA} belongs to "${owner}", and the role "${who}" is not one of it. Run fleet init as "${owner}".`,
    );
  }
  return readSchemaVersion(client, database);
}

interface Facts {
  readonly server: number;
  readonly database: string;
  readonly who: string;
  readonly may_create: boolean;
  readonly read_only: boolean;
  readonly owner: string | null;
  readonly owns: boolean | null;
}

const FACTS = `
  SELECT current_setting('server_version_num')::int AS server, current_database() AS database, current_user AS who,
    has_database_privilege(current_database(), 'CREATE') AS may_create, pg_is_in_recovery()
      OR current_setting('transaction_read_only')::boolean AS read_only,
    pg_get_userbyid(n.nspowner) AS owner, pg_has_role(n.nspowner, 'USAGE') AS owns
  FROM (SELECT 1) one LEFT JOIN pg_namespace n ON n.nspname = '${SCHEMA}'`;

async function readSchemaVersion(client: ClientBase, database: string): Promise<number> {
  const table = `${SCHEMA}.schema_version`;
  const found = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
  if (!found.rows[0]?.there) {
    const other = await client.query(
      'SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = $1',
      [SCHEMA],
    );
    if (other.rows.length === 0) return 0;
    throw new StoreError(
      'refused',
      `There is a schema ${SCHEMA} in "${database}" that codex-metered did not make. Use another database.`,
    );
  }
  const { rows } = await client.query<{ version: number }>(`SELECT max(version) AS version FROM ${table}`);
  const version = rows[0]?.version ?? 0;
  if (version <= STEPS.length) return version;
  throw new StoreError(
    'newer',
    `The schema in "${database}" has version ${version}, and this codex-metered knows ${STEPS.length}. Update codex-metered and try again.`,
  );
}

async function takeSteps(client: ClientBase, before: number): Promise<void> {
  await client.query(VERSION_TABLE);
  for (const [index, sql] of STEPS.entries()) {
    if (index < before) continue;
    await client.query(sql);
    await client.query('INSERT INTO schema_version (version) VALUES ($1)', [index + 1]);
  }
}

/** What holds no rows can be made anew. That locks tables which are in use, so it is done only where the digest differs. */
const REPLACEABLE = [ADD_MISSING_COUNTERS, FUNCTIONS, PARTITIONS, VIEWS, POLICIES, GRANTS].join('\n;\n');
const DIGEST = createHash('sha256').update(REPLACEABLE).digest('hex');

async function makeReplaceable(client: ClientBase): Promise<void> {
  const newest = 'WHERE version = (SELECT max(version) FROM schema_version)';
  const { rows } = await client.query<{ digest: string }>(`SELECT digest FROM schema_version ${newest}`);
  if (rows[0]?.digest === DIGEST) return;
  await client.query(REPLACEABLE);
  await client.query(`UPDATE schema_version SET digest = $1 ${newest}`, [DIGEST]);
}

const VERSION_TABLE = `
  CREATE TABLE IF NOT EXISTS schema_version (
    version int PRIMARY KEY, digest text NOT NULL DEFAULT '', applied_at timestamptz NOT NULL DEFAULT now()
  )`;
