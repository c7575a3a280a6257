import { EVIDENCE, SOURCES } from '../../usage/source.js';
import { SAFE_PATH } from './tables.js';

/**
 * SQL that joins the row of `table` which a condition finds, by a look-up for each row. An ordinary join would let the planner read the
 * table whole for each push, which it does as long as it believes that there is next to nothing in it: until the first ANALYZE.
 */
function lookUp(table: string, as: string, condition: string): string {
  return `LEFT JOIN LATERAL (SELECT * FROM ${table} t WHERE ${condition} LIMIT 1) ${as} ON true`;
}

/** SQL: a name that was sent, or what stands for none. */
export function nameOf(column: string): string {
  return `coalesce(nullif(${column}, ''), 'unknown')`;
}

/** SQL that joins the row of a name of this tenant. */
export function lookUpName(table: string, as: string, name: string): string {
  return lookUp(table, as, `t.tenant = ours AND t.name = ${name}`);
}

/** SQL that joins an invocation of this tenant. By `+ 0` no index is used that begins with the tenant. */
export function lookUpInvocation(as: string, id: string): string {
  return lookUp('invocations', as, `t.id = ${id} AND t.tenant + 0 = ours`);
}

const quote = (words: readonly string[]) => words.map((word) => `'${word}'`).join(', ');

/** SQL that makes the functions which a push calls, whatever it sends. */
export const PUSH_PARTS: string = `
/* How good evidence is, 1 being the best; NULL where it is not known. */
CREATE OR REPLACE FUNCTION evidence_rank(evidence text) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN array_position(ARRAY[${quote(EVIDENCE)}]::text[], evidence);

/* The least id of a response that began at a time. */
CREATE OR REPLACE FUNCTION id_floor(at timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN rpad(lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0'), 32, '0')::uuid;

CREATE OR REPLACE FUNCTION from_ms(ms bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN to_timestamp((ms / 1000.0)::float8);

/* The tenant of who has logged in. A role without an entry is of the first one, default. */
CREATE OR REPLACE FUNCTION current_tenant() RETURNS int LANGUAGE sql STABLE SECURITY DEFINER ${SAFE_PATH} AS $$
  SELECT coalesce((SELECT tenant FROM tenant_roles WHERE role = session_user), 1)
$$;

/*
 * Returns the store of a batch, locked until the push has ended, or NULL where its nonce is not known: then it is a copied or
 * restored database. The nonce before the last one is known too, for a client that has not seen the last answer.
 */
CREATE OR REPLACE FUNCTION confirm_store(ours int, batch jsonb) RETURNS int LANGUAGE plpgsql ${SAFE_PATH} AS $$
DECLARE
  given uuid := (batch ->> 'nonce')::uuid;
  now_ms bigint := floor(extract(epoch FROM clock_timestamp()) * 1000);
  held stores;
BEGIN
  IF given IS NULL THEN
    INSERT INTO stores (tenant, uid, host, platform, version, nonce, clock_skew_ms)
    VALUES (ours, (batch ->> 'store')::uuid, '', '', '', (batch ->> 'next_nonce')::uuid, 0) ON CONFLICT DO NOTHING;
  END IF;
  SELECT * INTO held FROM stores WHERE tenant = ours AND uid = (batch ->> 'store')::uuid FOR UPDATE;
  IF held.id IS NULL OR given IS DISTINCT FROM held.nonce AND given IS DISTINCT FROM held.previous_nonce THEN
    RETURN NULL;
  END IF;
  UPDATE stores SET host = coalesce(batch ->> 'host', ''), platform = coalesce(batch ->> 'platform', ''),
    version = coalesce(batch ->> 'version', ''), nonce = (batch ->> 'next_nonce')::uuid, previous_nonce = given,
    clock_skew_ms = coalesce((batch ->> 'sent_at_ms')::bigint - now_ms, 0), last_seen = clock_timestamp()
  WHERE id = held.id;
  RETURN held.id;
END $$;

/* A response without an id, evidence that the merge rule cannot rank, and a source that reports do not know are errors. */
CREATE OR REPLACE FUNCTION refuse_unknown_words(sent jsonb) RETURNS void LANGUAGE plpgsql ${SAFE_PATH} AS $$
DECLARE
  bad record;
BEGIN
  SELECT id, evidence, source INTO bad FROM jsonb_to_recordset(sent) AS s(id uuid, evidence text, source text)
  WHERE id IS NULL OR evidence_rank(evidence) IS NULL OR source IS NULL OR source NOT IN (${quote(SOURCES)}) LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'response %: its id, evidence % or source % is not known here', bad.id, bad.evidence, bad.source
      USING ERRCODE = 'invalid_parameter_value', HINT = 'codex-usage fleet init of a newer version may know it.';
  END IF;
END $$;
`;
