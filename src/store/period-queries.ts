import type { Phase } from '../usage/phase.js';
import type { Provider } from '../usage/provider.js';
import type { Source } from '../usage/source.js';
import { BUCKET_MS } from './bucket-tally.js';
import { COUNTER_COLUMNS, sumCounters } from './counter-columns.js';
import type { Connection } from './open.js';
import type { SumRow } from './queries.js';
import { lacksPrice } from './response-rows.js';
import { between, conditionsOf, isModel, readColumn, readRow, readRows, readValue } from './sql.js';
import { makeTaggedUsage, TAGGED_USAGE, type TagWish } from './tagged-usage.js';

/** From `fromMs` on, local time is UTC plus `offsetMs`, until the next change. */
export interface OffsetChange {
  readonly fromMs: number;
  readonly offsetMs: number;
}

/** Which usage is summed up. `fromMs` is inclusive, `untilMs` exclusive; both begin a day of some time zone. */
export interface UsageFilter extends Pick<TagWish, 'tags'> {
  readonly fromMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly provider?: Provider | undefined;
  readonly projectId?: string | undefined;
  /** A name, or a pattern with `*` and `?`. */
  readonly model?: string | undefined;
}

/** What sums can be told apart by. */
export interface SumKeys {
  /** Days since 1970-01-01, of the time zone that was asked for. */
  readonly day: number;
  /** When the quarter of an hour began. */
  readonly startMs: number;
  readonly provider: Provider;
  readonly projectId: string;
  /** Of usage with an invocation alone. */
  readonly phase: Phase;
  readonly model: string;
  readonly source: Source;
  /** The value of the tag that the filter's `tagKey` names. */
  readonly tag: string | null;
}

/** Sums may be split by a tag as well. */
export interface SumFilter extends UsageFilter, TagWish {}

/** `all`: whatever is recorded. `invocations`: what an invocation has caused, which has a phase. */
export type UsageOf = 'all' | 'invocations';

export type KeyedSumRow<Key extends keyof SumKeys> = Pick<SumKeys, Key> & SumRow;

const DAY_MS = 86_400_000;

const KEY_COLUMNS = {
  startMs: 'start_ms',
  provider: 'provider',
  projectId: 'project_id',
  phase: 'phase',
  model: 'model',
  source: 'source',
  tag: 'tag',
} as const;

const TABLES: Readonly<Record<UsageOf, string>> = {
  all: 'buckets',
  invocations: `(
    SELECT r.completed_at_ms / ${BUCKET_MS} * ${BUCKET_MS} AS start_ms, r.provider, i.project_id, i.phase, r.model, r.source,
      1 AS responses, ${lacksPrice('r')} AS unpriced_responses, ${COUNTER_COLUMNS}, r.cost_nano_usd,
      r.invocation_id
    FROM response_rows r JOIN invocations i ON i.id = r.invocation_id)`,
};

/** Sums of what `filter` lets through for each combination of `keys`, in their order. Days are those of `offsets`. */
export function readSums<Key extends keyof SumKeys>(
  connection: Connection,
  keys: readonly Key[],
  filter: SumFilter,
  offsets: readonly OffsetChange[],
  of: UsageOf = 'all',
): KeyedSumRow<Key>[] {
  const columnOf = (key: keyof SumKeys) => (key === 'day' ? dayOf('start_ms', offsets) : KEY_COLUMNS[key]);
  const columns = keys.map((key) => `${columnOf(key)} AS "${key}"`);
  const ordinals = keys.map((_, index) => index + 1).join(', ');
  const sql = `
    SELECT ${columns.join(', ')}, sum(responses) AS responses, sum(unpriced_responses) AS unpricedResponses,
      ${sumCounters()}, sum(cost_nano_usd) AS costNanoUsd
    FROM ${selectFrom(connection, filter, of)} GROUP BY ${ordinals} ORDER BY ${ordinals}`;
  return readRows(connection, sql, filter);
}

/** The quarters of an hour in which a provider was used, by provider and in order of time. */
export function listUsedQuarters(connection: Connection): Pick<SumKeys, 'provider' | 'startMs'>[] {
  const sql = 'SELECT DISTINCT provider, start_ms AS startMs FROM buckets ORDER BY provider, start_ms';
  return readRows(connection, sql);
}

/** In how many quarters of an hour there was usage. */
export function countActiveQuarters(connection: Connection, filter: SumFilter, of: UsageOf = 'all'): number {
  const sql = `SELECT count(DISTINCT start_ms) FROM ${selectFrom(connection, filter, of)}`;
  return readValue(connection, sql, filter) ?? 0;
}

/** How many invocations of each phase, or of each value of a tag, have usage. */
export function countInvocations(connection: Connection, filter: SumFilter, by: 'phase' | 'tag'): Map<string, number> {
  const sql = `SELECT coalesce(${by}, '') AS name, count(DISTINCT invocation_id) AS count
    FROM ${selectFrom(connection, filter, 'invocations')} GROUP BY 1`;
  const rows = readRows<{ name: string; count: number }>(connection, sql, filter);
  return new Map(rows.map(({ name, count }) => [name, count]));
}

export interface TimeSpan {
  readonly firstMs: number;
  /** The end of the last quarter of an hour with usage. */
  readonly endMs: number;
}

/** From when to when anything is recorded; undefined when nothing is. */
export function readSpan(connection: Connection): TimeSpan | undefined {
  const sql = 'SELECT (SELECT min(start_ms) FROM buckets) AS firstMs, (SELECT max(start_ms) FROM buckets) AS lastMs';
  const { firstMs = null, lastMs = null } = readRow<Record<string, number | null>>(connection, sql) ?? {};
  return firstMs === null || lastMs === null ? undefined : { firstMs, endMs: lastMs + BUCKET_MS };
}

/** The names that there are of what a filter names, the dearest first. */
export function listNames(connection: Connection, key: 'provider' | 'projectId' | 'model'): string[] {
  const sql = `SELECT ${KEY_COLUMNS[key]} FROM buckets GROUP BY 1 ORDER BY sum(cost_nano_usd) DESC, 1`;
  return readColumn(connection, sql);
}

/**
 * SQL: the sums that `filter` lets through, whose fields are the parameters. They are those of buckets where these suffice;
 * where tags are asked for, of a table that is made for that.
 */
function selectFrom(connection: Connection, filter: SumFilter, of: UsageOf): string {
  const isByTags = filter.tags !== undefined || filter.tagKey !== undefined;
  if (isByTags) makeTaggedUsage(connection, filter);
  const conditions = conditionsOf(filter, {
    ...between('start_ms'),
    provider: 'provider = @provider',
    projectId: 'project_id = @projectId',
    model: isModel('model'),
  });
  const hasInvocation = isByTags && of === 'invocations' ? 'invocation_id IS NOT NULL AND ' : '';
  return `${isByTags ? TAGGED_USAGE : TABLES[of]} WHERE ${hasInvocation}${conditions}`;
}

/** SQL: the days since 1970-01-01 of a time zone, which SQLite need not know: it is an offset that changes a few times. */
export function dayOf(column: string, [first, ...later]: readonly OffsetChange[]): string {
  const cases = later.map(({ fromMs, offsetMs }) => `WHEN ${column} >= ${fromMs} THEN ${offsetMs}`).reverse();
  const firstMs = `${first?.offsetMs ?? 0}`;
  const offset = cases.length === 0 ? firstMs : `CASE ${cases.join(' ')} ELSE ${firstMs} END`;
  return `(${column} + ${offset}) / ${DAY_MS}`;
}
