import { BUCKET_MS } from './bucket-tally.js';
import { readPackedCreditSums } from './credit-packs.js';
import type { Connection } from './open.js';
import { dayOf, type OffsetChange, type SumFilter, type SumKeys, type UsageOf } from './period-queries.js';
import { type Scope, type SessionScope, within } from './queries.js';
import { between, conditionsOf, isModel, joinInvocationAndThread, PROJECT, readRows } from './sql.js';
import { isTagged, selectTag } from './tags.js';
import { bind, UNMETERED } from './unmetered.js';

/**
 * Sums over responses of Codex that take credits at the same rates. Buckets cannot tell tiers and long inputs apart, so
 * these are read response by response.
 */
export interface CreditClassSum {
  readonly ofModel: string;
  readonly serviceTier: string | null;
  /** The day (UTC) on which they were completed, in days since 1970-01-01. */
  readonly utcDay: number;
  readonly isLong: 0 | 1;
  readonly responses: number;
  readonly input: number;
  /** Of each response at most its input. */
  readonly cachedInput: number;
  readonly output: number;
}

const CLASS = `r.model AS ofModel, r.service_tier AS serviceTier, r.completed_at_ms / 86400000 AS utcDay,
  r.input_tokens > @longAbove AS isLong`;
const SUMS = `count(*) AS responses, sum(r.input_tokens) AS input,
  sum(min(r.cached_input_tokens, r.input_tokens)) AS cachedInput, sum(r.output_tokens) AS output`;
const BY_CLASS = 'ofModel, serviceTier, utcDay, isLong';

const KEY_COLUMNS = {
  startMs: `r.completed_at_ms / ${BUCKET_MS} * ${BUCKET_MS}`,
  provider: 'r.provider',
  projectId: PROJECT,
  phase: 'i.phase',
  model: 'r.model',
  source: 'r.source',
} as const;

type CreditFilter = SumFilter & { readonly longAbove: number };

/** Sums by the keys and the filter of `readSums`; above `longAbove` input tokens a response counts as long. */
export function readCreditSums<Key extends keyof SumKeys>(
  connection: Connection,
  keys: readonly Key[],
  filter: CreditFilter,
  offsets: readonly OffsetChange[],
  of: UsageOf,
): (Pick<SumKeys, Key> & CreditClassSum)[] {
  const columnOf = (key: keyof SumKeys) => {
    if (key === 'tag') return selectTag(filter.tagKey ?? '', 'r');
    return key === 'day' ? dayOf('r.completed_at_ms', offsets) : KEY_COLUMNS[key];
  };
  const conditions = conditionsOf(filter, {
    ...between('r.completed_at_ms'),
    tags: isTagged('r'),
    projectId: `${PROJECT} = @projectId`,
    model: isModel('r.model'),
  });
  const sql = `
    SELECT ${keys.map((key) => `${columnOf(key)} AS "key_${key}"`).join(', ')}, ${CLASS}, ${SUMS}
    FROM response_rows r ${joinInvocationAndThread('r')}
    WHERE r.provider = 'codex' AND ${of === 'invocations' ? 'i.id IS NOT NULL' : 'TRUE'} AND ${conditions}
    GROUP BY ${keys.map((key) => `"key_${key}"`).join(', ')}, ${BY_CLASS}`;
  const values = { here: null, ...filter };
  const rows = readRows<Record<string, unknown> & CreditClassSum>(connection, sql, values).map((row) => {
    const named = Object.fromEntries(keys.map((key) => [key, row[`key_${key}`]])) as Pick<SumKeys, Key>;
    return { ...row, ...named };
  });
  if (of === 'invocations') return rows;
  // A pack has whatever can be asked for but a phase, and that is asked of invocations alone.
  const packed: readonly CreditClassSum[] = readPackedCreditSums(connection, filter, offsets);
  return [...rows, ...(packed as typeof rows)];
}

/** What one invocation of `scope` used of one model, by what the counts are worth. */
export type InvocationCredits = CreditClassSum & {
  readonly id: string;
  readonly model: string;
  readonly source: string;
};

/** Of a run or a session: by invocation (`id`), model and source. */
export function readInvocationCredits(connection: Connection, scope: Scope, longAbove: number): InvocationCredits[] {
  const sql = `SELECT r.invocation_id AS id, r.model, r.source, ${CLASS}, ${SUMS}
    FROM invocations i JOIN response_rows r ON r.invocation_id = i.id
    WHERE ${within(scope)} AND r.provider = 'codex' GROUP BY r.invocation_id, r.source, ${BY_CLASS}`;
  return readRows(connection, sql, { ...scope, longAbove });
}

/** Of what no invocation has caused: by thread (`id`), model and source. */
export function readUnmeteredCredits(
  connection: Connection,
  session: SessionScope,
  longAbove: number,
): InvocationCredits[] {
  const sql = `SELECT r.thread_id AS id, r.model, r.source, ${CLASS}, ${SUMS}
    FROM ${UNMETERED} AND r.provider = 'codex' GROUP BY r.thread_id, r.source, ${BY_CLASS}`;
  return readRows(connection, sql, { ...bind(session), longAbove });
}
