import { COUNTERS, RESPONSE_COUNTERS } from '../../usage/counters.js';

/** The schema that everything of the fleet is in. */
export const SCHEMA = 'codex_metered';

/** The search_path of every function that may run with its owner's rights. As it is fixed, nobody can have it call a function of theirs. */
export const SAFE_PATH: string = `SET search_path = ${SCHEMA}, pg_catalog, pg_temp`;

/** `one, other`, or what `write` makes of each. */
export function list(columns: readonly string[], write = (column: string): string => column): string {
  return columns.map(write).join(', ');
}

/** The columns that sum up responses, beside the counters, in each table of sums and in this order. */
export const SUM_COLUMNS: readonly string[] = [
  ...['responses', 'unpriced_responses', 'costed_responses', 'cost_nano_usd'],
  ...COUNTERS.map(({ column }) => column),
];

/** What responses are grouped by, beside the time, in the sums that reports over time read. */
const DIMENSIONS = ['usr', 'project', 'model', 'labels', 'provider', 'phase', 'source'] as const;

/**
 * The tables of sums, with their keys. What a response adds to each of them is in the same change (`push-function.ts`).
 * `costed_responses` have a cost, whole or partial: where there are none, the cost is unknown and not 0.
 */
export const SUM_TABLES: Readonly<Record<string, readonly string[]>> = {
  usage_15m: ['tenant', 'start', ...DIMENSIONS],
  usage_day: ['tenant', 'day', ...DIMENSIONS],
  usage_invocation: ['tenant', 'invocation', 'model', 'source'],
};

const DIMENSION_TYPES = `usr int NOT NULL, project int NOT NULL, model int NOT NULL, labels int NOT NULL,
  provider text COLLATE "C" NOT NULL, phase text COLLATE "C" NOT NULL, source text COLLATE "C" NOT NULL`;

const SUM_TYPES = SUM_COLUMNS.map((column) => `${column} bigint NOT NULL DEFAULT 0`).join(', ');

/** A text that people choose. It is bounded, because an entry of an index holds 2,700 bytes at most. */
const NAME = 'text CHECK (length(name) BETWEEN 1 AND 600)';
const COUNT = 'bigint NOT NULL DEFAULT 0 CHECK';
const MOST_TOKENS = 1_000_000_000_000;
const MOST_NANO_USD = 10_000_000_000_000;

/*
 * Users, projects, models and sets of labels are numbers in the rows, and names in the views. `responses` has no foreign
 * keys: push_v1 alone writes there, and takes the numbers from these tables. It is partitioned by the time with which each
 * id begins, so that old months can be dropped; its key has the tenant too, so that no tenant's rows meet another's.
 */
const FIRST = `
CREATE TABLE tenants (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL UNIQUE);
INSERT INTO tenants (name) VALUES ('default');
CREATE TABLE tenant_roles (
  role name PRIMARY KEY,
  tenant int NOT NULL REFERENCES tenants,
  may_push boolean NOT NULL DEFAULT false,
  may_read boolean NOT NULL DEFAULT false
);
CREATE TABLE retention (pruned_before timestamptz NOT NULL);

CREATE TABLE stores (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  tenant int NOT NULL REFERENCES tenants,
  uid uuid NOT NULL,
  host text NOT NULL,
  platform text NOT NULL,
  version text NOT NULL,
  nonce uuid NOT NULL,
  previous_nonce uuid,
  first_seen timestamptz NOT NULL DEFAULT now(),
  last_seen timestamptz NOT NULL DEFAULT now(),
  clock_skew_ms bigint NOT NULL,
  UNIQUE (tenant, uid)
);
CREATE TABLE users (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant int NOT NULL REFERENCES tenants,
  name ${NAME}, UNIQUE (tenant, name)
);
CREATE TABLE projects (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant int NOT NULL REFERENCES tenants,
  name ${NAME} NOT NULL, UNIQUE (tenant, name)
);
CREATE TABLE models (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant int NOT NULL REFERENCES tenants,
  name ${NAME} NOT NULL, UNIQUE (tenant, name)
);
CREATE TABLE labels (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, tenant int NOT NULL REFERENCES tenants,
  name jsonb NOT NULL CHECK (jsonb_typeof(name) = 'object' AND length(name::text) <= 2000), UNIQUE (tenant, name)
);

CREATE TABLE invocations (
  id uuid NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  revision bigint NOT NULL,
  tenant int NOT NULL,
  store int NOT NULL,
  usr int NOT NULL,
  project int NOT NULL,
  labels int NOT NULL,
  iteration int,
  exit_code int,
  run text NOT NULL CHECK (length(run) <= 600),
  phase text NOT NULL CHECK (length(phase) <= 100),
  status text NOT NULL CHECK (length(status) <= 100),
  signal text,
  codex_version text,
  ci jsonb CHECK (length(ci::text) <= 5000),
  tags jsonb CHECK (length(tags::text) <= 5000),
  PRIMARY KEY (id, tenant)
);
CREATE INDEX invocations_by_run ON invocations (tenant, project, run);
CREATE INDEX invocations_by_start ON invocations (tenant, started_at);
CREATE INDEX invocations_running ON invocations (store) WHERE status = 'running';

CREATE TABLE responses (
  id uuid NOT NULL,
  completed_at timestamptz NOT NULL,
  revision bigint NOT NULL,
  cost_nano_usd bigint CHECK (cost_nano_usd BETWEEN 0 AND ${MOST_NANO_USD}),
  ${RESPONSE_COUNTERS.map(({ column }) => `${column} ${COUNT} (${column} BETWEEN 0 AND ${MOST_TOKENS})`).join(',\n  ')},
  tenant int NOT NULL,
  store int NOT NULL,
  usr int NOT NULL,
  project int NOT NULL,
  model int NOT NULL,
  labels int NOT NULL,
  invocation uuid,
  partial boolean NOT NULL,
  provider text NOT NULL CHECK (length(provider) BETWEEN 1 AND 100),
  tier text CHECK (length(tier) <= 100),
  phase text CHECK (length(phase) <= 100),
  source text NOT NULL,
  evidence text NOT NULL,
  thread text CHECK (length(thread) <= 600),
  PRIMARY KEY (id, tenant)
) PARTITION BY RANGE (id);
CREATE INDEX responses_by_time ON responses USING brin (completed_at);
CREATE TABLE responses_default PARTITION OF responses DEFAULT;

CREATE TABLE usage_15m (tenant int NOT NULL, start timestamptz NOT NULL, ${DIMENSION_TYPES}, ${SUM_TYPES},
  PRIMARY KEY (${SUM_TABLES.usage_15m}));
CREATE TABLE usage_day (tenant int NOT NULL, day date NOT NULL, ${DIMENSION_TYPES}, ${SUM_TYPES},
  PRIMARY KEY (${SUM_TABLES.usage_day}));
CREATE TABLE usage_invocation (tenant int NOT NULL, invocation uuid NOT NULL, model int NOT NULL,
  source text COLLATE "C" NOT NULL, ${SUM_TYPES}, PRIMARY KEY (invocation, tenant, model, source));
`;

/** SQL: the number of the transaction that runs. */
const THIS_TRANSACTION = '(pg_current_xact_id()::text::bigint)';

/*
 * Which transaction changed a row last, and which responses were deleted, for `codex-usage pull`: all that was committed since a
 * snapshot was made has the number of a transaction that had not ended when it was made.
 */
const NUMBER_CHANGES = `
${['responses', 'invocations']
  .map(
    (table) => `ALTER TABLE ${table} ADD COLUMN changed bigint NOT NULL DEFAULT 0;
ALTER TABLE ${table} ALTER COLUMN changed SET DEFAULT ${THIS_TRANSACTION};
CREATE INDEX ${table}_by_change ON ${table} USING brin (changed);`,
  )
  .join('\n')}
CREATE TABLE deleted_responses (
  tenant int NOT NULL,
  id uuid NOT NULL,
  changed bigint NOT NULL DEFAULT ${THIS_TRANSACTION},
  PRIMARY KEY (tenant, id)
);
`;

/**
 * A row of `responses` can be the sum of several: of those of an invocation in a quarter of an hour, where the machine sends no
 * single ones. `responses` is then how many they are, and NULL in the row of a single response.
 */
const LET_ROWS_BE_SUMS = `
ALTER TABLE responses ADD COLUMN responses bigint CHECK (responses > 0);
ALTER TABLE responses ADD COLUMN unpriced_responses bigint CHECK (unpriced_responses BETWEEN 0 AND responses);
ALTER TABLE responses ADD COLUMN costed_responses bigint CHECK (costed_responses BETWEEN 0 AND responses);
CREATE INDEX responses_summed ON responses (invocation) WHERE responses IS NOT NULL;
ALTER TABLE invocations ADD COLUMN summed boolean NOT NULL DEFAULT false;
`;

/**
 * The steps of the schema: step n makes version n. A released step never changes. Functions, views, policies and grants hold
 * nothing, so `fleet init` makes them anew where they differ; a release that changes them appends an empty step, by which an
 * older program sees that it must leave them alone.
 */
export const STEPS: readonly string[] = [FIRST, NUMBER_CHANGES, LET_ROWS_BE_SUMS];

/** Adds the columns of counters that came to the list after the tables were made. */
export const ADD_MISSING_COUNTERS: string = [
  ...RESPONSE_COUNTERS.map(
    ({ column }) => `ALTER TABLE responses ADD COLUMN IF NOT EXISTS ${column} ${COUNT} (${column} >= 0)`,
  ),
  ...Object.keys(SUM_TABLES).flatMap((table) => {
    return COUNTERS.map(
      ({ column }) => `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${column} bigint NOT NULL DEFAULT 0`,
    );
  }),
].join(';\n');
