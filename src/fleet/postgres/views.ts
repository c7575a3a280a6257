import { COUNTERS } from '../../usage/counters.js';
import { SAFE_PATH } from './tables.js';

/*
 * What people, dashboards and later versions of codex-metered read: names instead of numbers, and columns that stay. A view
 * reads with the rights of who asks, so the policies below give each role the rows of its tenant alone. New columns are
 * appended, because CREATE OR REPLACE VIEW allows nothing else.
 */

/** How long a store may be silent before what it ran counts as lost, and it itself as quiet. */
const SILENCE = "interval '1 hour'";

const SUMS = [
  'sum(s.responses)::bigint AS responses',
  'sum(s.unpriced_responses)::bigint AS unpriced_responses',
  ...COUNTERS.map(({ column }) => `sum(s.${column})::bigint AS ${column}`),
  'CASE WHEN sum(s.costed_responses) > 0 THEN sum(s.cost_nano_usd)::bigint END AS cost_nano_usd',
  'CASE WHEN sum(s.costed_responses) > 0 THEN sum(s.cost_nano_usd) / 1e9 END AS cost_usd',
].join(',\n    ');

/** A user who was forgotten has no name. */
const USER_NAME = "coalesce(u.name, 'forgotten')";

/** The named dimensions of a table of sums `s`, each with what it is made from. */
const NAMED: readonly (readonly [name: string, from: string])[] = [
  ['user_name', USER_NAME],
  ['team', "l.name ->> 'team'"],
  ['project', 'p.name'],
  ['phase', "nullif(s.phase, '')"],
  ['provider', 's.provider'],
  ['model', 'm.name'],
  ['source', 's.source'],
  ['labels', 'l.name'],
];

const JOINS = `
  JOIN users u ON u.id = s.usr JOIN projects p ON p.id = s.project JOIN models m ON m.id = s.model
  JOIN labels l ON l.id = s.labels`;

function usageView(name: string, time: string, table: string, from: string, dimensions = NAMED): string {
  const columns = [[time, from] as const, ...dimensions];
  const key = columns.map((_, place) => place + 1).join(', ');
  // Summed up by numbers first: there are fewer sums than rows, and names cost a look-up each.
  return `
CREATE OR REPLACE VIEW ${name} WITH (security_invoker = true) AS
  SELECT ${columns.map(([as, value]) => `${value} AS ${as}`).join(', ')},
    ${SUMS}
  FROM ${table} s ${JOINS}
  WHERE s.responses <> 0 GROUP BY ${key};`;
}

const INVOCATION_SUMS = `
  SELECT tenant, invocation, sum(responses) AS responses, sum(unpriced_responses) AS unpriced_responses,
    sum(costed_responses) AS costed_responses, sum(cost_nano_usd) AS cost_nano_usd,
    ${COUNTERS.map(({ column }) => `sum(${column}) AS ${column}`).join(', ')}
  FROM usage_invocation GROUP BY tenant, invocation`;

const LOST = `i.status = 'running' AND t.last_seen < now() - ${SILENCE}`;

/** SQL that makes the views. To be run with the schema in the search_path. */
export const VIEWS: string = `
${usageView('usage_quarter_hours', 'start', 'usage_15m', 's.start')}
${usageView('usage_daily', 'day', 'usage_day', 's.day')}
${usageView('users_monthly', 'month', 'usage_day', "date_trunc('month', s.day)::date", NAMED.slice(0, 4))}

CREATE OR REPLACE VIEW runs WITH (security_invoker = true) AS
  SELECT p.name AS project, i.run, min(i.started_at) AS started_at,
    CASE WHEN bool_and(i.ended_at IS NOT NULL) THEN max(i.ended_at) END AS ended_at,
    array_agg(DISTINCT ${USER_NAME}) AS users, max(l.name ->> 'team') AS team,
    count(*) AS invocations, count(*) FILTER (WHERE i.status = 'running') AS running,
    count(*) FILTER (WHERE ${LOST}) AS lost, count(*) FILTER (WHERE i.status = 'failed') AS failed,
    count(DISTINCT (i.phase, i.iteration)) AS iterations,
    coalesce(sum(s.responses), 0)::bigint AS responses, coalesce(sum(s.unpriced_responses), 0)::bigint AS unpriced_responses,
    ${COUNTERS.map(({ column }) => `coalesce(sum(s.${column}), 0)::bigint AS ${column}`).join(', ')},
    CASE WHEN sum(s.costed_responses) > 0 THEN sum(s.cost_nano_usd)::bigint END AS cost_nano_usd,
    CASE WHEN sum(s.costed_responses) > 0 THEN sum(s.cost_nano_usd) / 1e9 END AS cost_usd
  FROM invocations i JOIN stores t ON t.id = i.store JOIN users u ON u.id = i.usr JOIN projects p ON p.id = i.project
  JOIN labels l ON l.id = i.labels LEFT JOIN (${INVOCATION_SUMS}) s ON s.invocation = i.id AND s.tenant = i.tenant
  GROUP BY p.name, i.run;

CREATE OR REPLACE VIEW lost_invocations WITH (security_invoker = true) AS
  SELECT i.id, p.name AS project, i.run, i.phase, i.iteration, ${USER_NAME} AS user_name, t.host, i.started_at,
    t.last_seen, i.ci
  FROM invocations i JOIN stores t ON t.id = i.store JOIN users u ON u.id = i.usr JOIN projects p ON p.id = i.project
  WHERE ${LOST};

CREATE OR REPLACE VIEW machines WITH (security_invoker = true) AS
  SELECT uid AS store, host, platform, version, first_seen, last_seen, last_seen < now() - ${SILENCE} AS quiet,
    clock_skew_ms
  FROM stores;
`;

/** What readers may select, with the columns where not all of them: a nonce is what a store proves itself with. */
const READABLE: Readonly<Record<string, string>> = {
  users: '',
  projects: '',
  models: '',
  labels: '',
  invocations: '',
  responses: '',
  deleted_responses: '',
  usage_15m: '',
  usage_day: '',
  usage_invocation: '',
  stores: '(id, tenant, uid, host, platform, version, first_seen, last_seen, clock_skew_ms)',
};
const READABLE_VIEWS = ['usage_quarter_hours', 'usage_daily', 'users_monthly', 'runs', 'lost_invocations', 'machines'];

/** SQL that lets each role see the rows of its tenant alone. The tenant is asked for once for each statement, not for each row. */
export const POLICIES: string = Object.keys(READABLE)
  .map(
    (table) => `
ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS own_tenant ON ${table};
CREATE POLICY own_tenant ON ${table} FOR SELECT USING (tenant = (SELECT current_tenant()));`,
  )
  .join('\n');

/*
 * Nobody may call a function of the schema but those to whom it was granted. The two that grant are run by an administrator,
 * with that person's own rights; `fleet init` calls them for every role that is in tenant_roles, so that roles see new views.
 */
export const GRANTS: string = `
CREATE OR REPLACE FUNCTION allow_push(role_name text, tenant_name text DEFAULT 'default') RETURNS void LANGUAGE plpgsql
${SAFE_PATH} AS $$
BEGIN
  PERFORM join_tenant(role_name, tenant_name);
  UPDATE tenant_roles SET may_push = true WHERE role = role_name::name;
  EXECUTE format('GRANT USAGE ON SCHEMA codex_metered TO %I', role_name);
  EXECUTE format('GRANT EXECUTE ON FUNCTION push_v1(jsonb), push_v2(jsonb) TO %I', role_name);
END $$;

CREATE OR REPLACE FUNCTION allow_read(role_name text, tenant_name text DEFAULT 'default') RETURNS void LANGUAGE plpgsql
${SAFE_PATH} AS $$
BEGIN
  PERFORM join_tenant(role_name, tenant_name);
  UPDATE tenant_roles SET may_read = true WHERE role = role_name::name;
  EXECUTE format('GRANT USAGE ON SCHEMA codex_metered TO %I', role_name);
  EXECUTE format('GRANT EXECUTE ON FUNCTION current_tenant() TO %I', role_name);
  ${Object.entries(READABLE)
    .map(([table, columns]) => `EXECUTE format('GRANT SELECT ${columns} ON ${table} TO %I', role_name);`)
    .join('\n  ')}
  EXECUTE format('GRANT SELECT ON ${READABLE_VIEWS.join(', ')} TO %I', role_name);
END $$;

/* A role has one tenant: rows that it pushed stay with the tenant that they were pushed for. */
CREATE OR REPLACE FUNCTION join_tenant(role_name text, tenant_name text) RETURNS void LANGUAGE plpgsql
${SAFE_PATH} AS $$
BEGIN
  INSERT INTO tenants (name) VALUES (tenant_name) ON CONFLICT DO NOTHING;
  INSERT INTO tenant_roles (role, tenant) SELECT role_name, id FROM tenants WHERE name = tenant_name
  ON CONFLICT (role) DO UPDATE SET tenant = excluded.tenant;
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA codex_metered FROM PUBLIC;
`;

/** Lets the roles that may push or read do so with what was made anew. A role that the server no longer has is left out. */
export const GRANT_AGAIN = `
DELETE FROM tenant_roles WHERE role NOT IN (SELECT rolname FROM pg_roles);
SELECT allow_push(role::text, t.name) FROM tenant_roles JOIN tenants t ON t.id = tenant WHERE may_push;
SELECT allow_read(role::text, t.name) FROM tenant_roles JOIN tenants t ON t.id = tenant WHERE may_read;
`;
