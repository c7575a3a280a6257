import { RESPONSE_COUNTERS } from '../../usage/counters.js';
import { lookUpInvocation, lookUpName, nameOf } from './push-parts.js';
import { list, SAFE_PATH } from './tables.js';

/*
 * Sums of invocations, in place of single responses: rows of `responses` that say how many they stand for. An invocation is of
 * one machine, and its sums come and go as a whole, so that each response counts once, whatever is sent twice or by a copy.
 */

const COUNTERS = RESPONSE_COUNTERS.map(({ column }) => column);

/** The columns of a sum that a later push can change. The others are what its id was made of, or those of its invocation. */
const CHANGEABLE = [
  ...['store', 'usr', 'project', 'labels', 'phase', 'partial', 'responses', 'unpriced_responses'],
  ...['costed_responses', 'cost_nano_usd', ...COUNTERS],
];

const SUM_TYPES = `id uuid, start_ms bigint, model text, provider text, tier text, evidence text, source text, responses bigint,
  unpriced_responses bigint, costed_responses bigint, cost_nano_usd bigint, ${list(COUNTERS, (column) => `${column} bigint`)}`;

/** Deletes the sums of invocations whose machine sends single responses now. A part of push_v1. */
export const DROP_SUMS = `
    IF EXISTS (SELECT FROM jsonb_to_recordset(sent_invocations) AS s(id uuid) ${lookUpInvocation('i', 's.id')}
      WHERE i.summed AND i.store = my_store) THEN
      DELETE FROM responses held USING jsonb_to_recordset(sent_invocations) AS s(id uuid), invocations i
      WHERE i.id = s.id AND i.tenant = ours AND i.summed AND i.store = my_store
        AND held.invocation = i.id AND held.tenant = ours AND held.responses IS NOT NULL;
      UPDATE invocations i SET summed = false FROM jsonb_to_recordset(sent_invocations) AS s(id uuid)
      WHERE i.id = s.id AND i.tenant = ours AND i.summed AND i.store = my_store;
    END IF;`;

export const INVOCATION_SUMS = `
/* The names of the models in the sums of a batch. */
CREATE OR REPLACE FUNCTION sum_models(sent_invocations jsonb) RETURNS text[] LANGUAGE sql STABLE ${SAFE_PATH} AS $$
  SELECT array_agg(DISTINCT ${nameOf('m.model')})
  FROM jsonb_to_recordset(sent_invocations) AS s(sums jsonb), jsonb_to_recordset(s.sums) AS m(model text)
$$;

/*
 * Makes the sums of each invocation those of the batch, where the invocation is of this store and the store has said nothing newer
 * of it. Returns the invocations of which the server has single responses: their sums are not taken before the batch says which
 * responses they replace.
 */
CREATE OR REPLACE FUNCTION take_sums(sent_invocations jsonb, ours int, my_store int, oldest uuid) RETURNS jsonb LANGUAGE plpgsql
${SAFE_PATH} AS $$
DECLARE
  taken uuid[];
  with_singles uuid[];
BEGIN
  SELECT array_agg(i.id ORDER BY i.id) FILTER (WHERE NOT has_singles), array_agg(i.id ORDER BY i.id) FILTER (WHERE has_singles)
  INTO taken, with_singles
  FROM jsonb_to_recordset(sent_invocations) AS s(id uuid, revision bigint, replaces jsonb)
  ${lookUpInvocation('i', 's.id')}
  CROSS JOIN LATERAL (SELECT NOT i.summed AND s.replaces IS NULL AND EXISTS (SELECT FROM usage_invocation u
    WHERE u.invocation = i.id AND u.tenant = ours AND u.responses <> 0) AS has_singles) l
  WHERE i.store = my_store AND i.revision = s.revision;
  IF taken IS NOT NULL THEN
    PERFORM refuse_unknown_words((SELECT jsonb_agg(m) FROM jsonb_to_recordset(sent_invocations) AS s(sums jsonb),
      jsonb_array_elements(s.sums) AS m));
    DELETE FROM responses held USING jsonb_to_recordset(sent_invocations) AS s(id uuid, replaces jsonb),
      jsonb_array_elements_text(s.replaces) AS r
    WHERE s.id = ANY(taken) AND held.id = r::uuid AND held.tenant = ours AND held.responses IS NULL
      AND (held.invocation = s.id OR held.store = my_store);
    UPDATE invocations SET summed = true WHERE id = ANY(taken) AND tenant = ours AND NOT summed;
    DELETE FROM responses WHERE tenant = ours AND id = ANY(ARRAY(
      SELECT id FROM responses WHERE invocation = ANY(taken) AND tenant = ours AND responses IS NOT NULL EXCEPT
      SELECT m.id FROM jsonb_to_recordset(sent_invocations) AS s(sums jsonb), jsonb_to_recordset(s.sums) AS m(id uuid)));
    INSERT INTO responses AS held (id, tenant, completed_at, invocation, model, provider, tier, evidence, source, revision,
      ${list(CHANGEABLE)})
    SELECT m.id, ours, from_ms(m.start_ms), i.id, model.id, m.provider, m.tier, m.evidence, m.source, i.revision,
      my_store, i.usr, i.project, i.labels, nullif(i.phase, ''), m.unpriced_responses > 0, m.responses,
      m.unpriced_responses, m.costed_responses, m.cost_nano_usd, ${list(COUNTERS, (column) => `coalesce(m.${column}, 0)`)}
    FROM jsonb_to_recordset(sent_invocations) AS s(id uuid, sums jsonb)
    ${lookUpInvocation('i', 's.id')}
    CROSS JOIN LATERAL jsonb_to_recordset(s.sums) AS m(${SUM_TYPES})
    ${lookUpName('models', 'model', nameOf('m.model'))}
    WHERE s.id = ANY(taken) AND m.id >= oldest ORDER BY m.id
    ON CONFLICT (id, tenant) DO UPDATE SET ${list(CHANGEABLE, (column) => `${column} = excluded.${column}`)}, changed = DEFAULT
    WHERE (${list(CHANGEABLE, (column) => `held.${column}`)}) IS DISTINCT FROM (${list(CHANGEABLE, (column) => `excluded.${column}`)});
  END IF;
  RETURN coalesce(to_jsonb(with_singles), '[]');
END $$;
`;
