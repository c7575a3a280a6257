import { RESPONSE_COUNTERS } from '../../usage/counters.js';
import { lookUpInvocation, lookUpName, nameOf, PUSH_PARTS } from './push-parts.js';
import { DROP_SUMS, INVOCATION_SUMS } from './push-sums.js';
import { SUMS } from './sums.js';
import { list, SAFE_PATH } from './tables.js';

/*
 * The functions of the schema. Each has a fixed search_path, because push_v1 runs with the rights of its owner. Locks are
 * taken in one order by every push, which is why pushes that meet never wait for each other in a circle: the own row of
 * `stores`, names by name, invocations by id, responses by id, and last the sums, each table in the order of its key.
 */

/** The columns that say where a response came about; the others say what was counted. */
const ATTRIBUTION = ['invocation', 'usr', 'project', 'labels', 'phase', 'thread'];
const COUNTED = [
  ...['store', 'revision', 'evidence', 'source', 'cost_nano_usd', 'partial', 'model', 'provider', 'tier'],
  ...RESPONSE_COUNTERS.map(({ column }) => column),
];

/** Better evidence wins from anyone, equal evidence only by the store that has brought the row, and newer. */
const WINS = `(evidence_rank(excluded.evidence) < evidence_rank(held.evidence) OR excluded.evidence = held.evidence
    AND excluded.store = held.store AND excluded.revision > held.revision)`;

/** A row keeps its invocation, unless the store that brought the row says another one. */
const STAYS = `held.invocation IS NOT NULL AND (excluded.invocation IS NULL OR excluded.store <> held.store)`;

const RESPONSE_TYPES = [
  'id uuid, invocation uuid, "user" text, project text, model text, provider text, tier text',
  ...RESPONSE_COUNTERS.map(({ column }) => `${column} bigint`),
  'evidence text, source text, cost_nano_usd bigint, cost_extent text, completed_at_ms bigint, phase text, thread text',
  'revision bigint',
].join(', ');
const INVOCATION_TYPES = `id uuid, "user" text, project text, run text, phase text, iteration int, status text,
  started_at_ms bigint, ended_at_ms bigint, exit_code int, signal text, codex_version text, ci jsonb, labels jsonb, tags jsonb,
  revision bigint`;

const PUSH_RESPONSES = `
  INSERT INTO responses AS held (id, tenant, completed_at, ${list(ATTRIBUTION)}, ${list(COUNTED)})
  SELECT r.id, ours, from_ms(r.completed_at_ms),
    r.invocation, u.id, p.id, coalesce(i.labels, default_labels), nullif(r.phase, ''), r.thread,
    my_store, r.revision, r.evidence, r.source, r.cost_nano_usd, coalesce(r.cost_extent, 'whole') <> 'whole', m.id,
    r.provider, r.tier, ${list(
      RESPONSE_COUNTERS.map(({ column }) => column),
      (column) => `coalesce(r.${column}, 0)`,
    )}
  FROM (
    SELECT DISTINCT ON (id) * FROM jsonb_to_recordset(sent) AS s(${RESPONSE_TYPES})
    WHERE id >= oldest ORDER BY id, evidence_rank(evidence), revision DESC
  ) r
  ${lookUpName('users', 'u', nameOf('r."user"'))}
  ${lookUpName('projects', 'p', nameOf('r.project'))}
  ${lookUpName('models', 'm', nameOf('r.model'))}
  ${lookUpInvocation('i', 'r.invocation')}
  WHERE i.summed IS NOT TRUE
  ORDER BY r.id
  ON CONFLICT (id, tenant) DO UPDATE SET
    ${list(ATTRIBUTION, (column) => `${column} = CASE WHEN ${STAYS} THEN held.${column} ELSE excluded.${column} END`)},
    ${list(COUNTED, (column) => `${column} = CASE WHEN ${WINS} THEN excluded.${column} ELSE held.${column} END`)},
    changed = DEFAULT
  WHERE ${WINS} OR held.invocation IS NULL AND excluded.invocation IS NOT NULL;`;

/** Where two stores send an invocation, the row of the store that brought it holds. The end of a running one is taken from any store. */
const PUSH_INVOCATIONS = `
  INSERT INTO invocations AS held (id, tenant, store, usr, project, labels, run, phase, iteration, status, started_at, ended_at,
    exit_code, signal, codex_version, ci, tags, revision)
  SELECT r.id, ours, my_store, u.id, p.id, l.id, coalesce(r.run, ''), coalesce(r.phase, ''), r.iteration, r.status,
    from_ms(r.started_at_ms), from_ms(r.ended_at_ms), r.exit_code, r.signal, r.codex_version, r.ci, r.tags, r.revision
  FROM (
    SELECT DISTINCT ON (id) * FROM jsonb_to_recordset(sent_invocations) AS s(${INVOCATION_TYPES}) ORDER BY id, revision DESC
  ) r
  ${lookUpName('users', 'u', nameOf('r."user"'))}
  ${lookUpName('projects', 'p', nameOf('r.project'))}
  ${lookUpName('labels', 'l', 'coalesce(r.labels, batch_labels)')}
  ORDER BY r.id
  ON CONFLICT (id, tenant) DO UPDATE SET (store, usr, project, labels, run, phase, iteration, status, started_at, ended_at,
    exit_code, signal, codex_version, ci, tags, revision) = (excluded.store, excluded.usr, excluded.project, excluded.labels,
    excluded.run, excluded.phase, excluded.iteration, excluded.status, excluded.started_at, excluded.ended_at,
    excluded.exit_code, excluded.signal, excluded.codex_version, excluded.ci, excluded.tags, excluded.revision), changed = DEFAULT
  WHERE excluded.store = held.store AND excluded.revision > held.revision
    OR excluded.store <> held.store AND held.status = 'running' AND excluded.status <> 'running';`;

/** SQL that gives a number to each name of an array that has none yet. */
function intern(table: string, names: string): string {
  return `
  INSERT INTO ${table} (tenant, name) SELECT ours, n FROM unnest(${names}) AS n
  WHERE NOT EXISTS (SELECT FROM ${table} t WHERE t.tenant = ours AND t.name = n) ORDER BY n ON CONFLICT DO NOTHING;`;
}

/**
 * Every row that a push needs is found by an index, a lookup for each. A connection keeps the plans that it has made, as those of a
 * pooler do for days, and a plan that was made while a table was empty would read all of it later.
 */
const BY_INDEX = 'SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off SET jit = off';

const PUSH = `
CREATE OR REPLACE FUNCTION take_batch(batch jsonb, version text) RETURNS jsonb LANGUAGE plpgsql ${SAFE_PATH}
${BY_INDEX} AS $$
DECLARE
  ours int := current_tenant();
  sent jsonb := coalesce(batch -> 'responses', '[]');
  sent_invocations jsonb := coalesce(batch -> 'invocations', '[]');
  sent_gone jsonb := coalesce(batch -> 'gone', '[]');
  batch_labels jsonb := coalesce(nullif(batch -> 'labels', 'null'), '{}');
  oldest uuid;
  my_store int;
  default_labels int;
  pruned bigint;
  user_names text[];
  project_names text[];
  model_names text[];
  label_sets jsonb[];
  singles jsonb := '[]';
BEGIN
  IF batch ->> 'v' IS DISTINCT FROM version THEN
    RETURN jsonb_build_object('ok', false, 'error', 'unsupported_version', 'supported', jsonb_build_array(version::int));
  END IF;
  /* Before any other lock: a schema change or a prune that comes meanwhile waits, or is waited for, here. */
  LOCK TABLE responses IN ROW EXCLUSIVE MODE;
  oldest := id_floor(coalesce((SELECT max(pruned_before) FROM retention), 'epoch'));
  my_store := confirm_store(ours, batch);
  IF my_store IS NULL THEN
    RETURN jsonb_build_object('ok', false, 'error', 'unknown_nonce');
  END IF;
  PERFORM set_config('codex_metered.changes', '[]', true);
  PERFORM refuse_unknown_words(sent);

  SELECT array_agg(DISTINCT ${nameOf('"user"')}), array_agg(DISTINCT ${nameOf('project')}), array_agg(DISTINCT ${nameOf('model')}),
    count(*) FILTER (WHERE id < oldest)
  INTO user_names, project_names, model_names, pruned FROM jsonb_to_recordset(sent) AS s(${RESPONSE_TYPES});
  IF version = '2' THEN
    model_names := model_names || sum_models(sent_invocations);
  END IF;
  SELECT user_names || array_agg(DISTINCT ${nameOf('"user"')}), project_names || array_agg(DISTINCT ${nameOf('project')}),
    array_agg(DISTINCT coalesce(labels, batch_labels))
  INTO user_names, project_names, label_sets FROM jsonb_to_recordset(sent_invocations) AS s(${INVOCATION_TYPES});
  label_sets := label_sets || batch_labels;
${intern('users', 'user_names')}
${intern('projects', 'project_names')}
${intern('models', 'model_names')}
${intern('labels', 'label_sets')}
  default_labels := (SELECT id FROM labels WHERE tenant = ours AND name = batch_labels);
${PUSH_INVOCATIONS}
  IF version = '2' THEN
    singles := take_sums(sent_invocations, ours, my_store, oldest);
  ELSE
${DROP_SUMS}
  END IF;
${PUSH_RESPONSES}
  DELETE FROM responses held USING jsonb_to_recordset(sent_gone) AS g(id uuid, evidence text, revision bigint)
  WHERE held.id = g.id AND held.tenant = ours AND held.store = my_store AND held.revision < g.revision
    AND evidence_rank(held.evidence) >= evidence_rank(g.evidence);
  PERFORM add_to_sums(current_setting('codex_metered.changes')::jsonb);
  PERFORM set_config('codex_metered.changes', '', true);
  RETURN jsonb_build_object('ok', true, 'accepted', jsonb_build_object('responses', jsonb_array_length(sent) - pruned,
      'invocations', jsonb_array_length(sent_invocations), 'gone', jsonb_array_length(sent_gone)),
    'ignored', jsonb_build_object('pruned', pruned), 'singles', singles,
    'server_time_ms', floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint);
END $$;
${[1, 2]
  .map(
    (version) => `
CREATE OR REPLACE FUNCTION push_v${version}(batch jsonb) RETURNS jsonb LANGUAGE sql SECURITY DEFINER ${SAFE_PATH} AS $$
  SELECT take_batch(batch, '${version}')
$$;`,
  )
  .join('')}
`;

/** SQL that makes every function and trigger, or makes them anew. To be run with the schema in the search_path. */
export const FUNCTIONS: string = [PUSH_PARTS, SUMS, INVOCATION_SUMS, PUSH].join('\n');
