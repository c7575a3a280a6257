import type { Phase } from '../usage/phase.js';
import type { Provider } from '../usage/provider.js';
import type { Source } from '../usage/source.js';
import { isBetween } from './between.js';
import { BUCKET_MS } from './bucket-tally.js';
import { COUNTER_COLUMNS, sumCounters } from './counter-columns.js';
import type { Connection } from './open.js';
import type { SumRow } from './queries.js';
import { lacksPrice } from './response-rows.js';
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

/** Buckets where they suffice; where tags are asked for, a table that is made for that. */
function tableOf(connection: Connection, filter: SumFilter, of: UsageOf): string {
  if (filter.tags === undefined && filter.tagKey === undefined) return TABLES[of];
  makeTaggedUsage(connection, filter);
  return of === 'all' ? TAGGED_USAGE : `(SELECT * FROM ${TAGGED_USAGE} WHERE invocation_id IS NOT NULL)`;
}

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
  return connection
    .prepare<[SumFilter], KeyedSumRow<Key>>(
      `SELECT ${columns.join(', ')}, sum(responses) AS responses, sum(unpriced_responses) AS unpricedResponses,
         ${sumCounters()}, sum(cost_nano_usd) AS costNanoUsd
       FROM ${tableOf(connection, filter, of)} WHERE ${letsThrough(filter)} GROUP BY ${ordinals} ORDER BY ${ordinals}`,
    )
    .all(filter);
}

/** The quarters of an hour in which a provider was used, by provider and in order of time. */
export function listUsedQuarters(connection: Connection): Pick<SumKeys, 'provider' | 'startMs'>[] {
  const query = 'SELECT DISTINCT provider, start_ms AS startMs FROM buckets ORDER BY provider, start_ms';
  return connection.prepare<[], Pick<SumKeys, 'provider' | 'startMs'>>(query).all();
}

/** In how many quarters of an hour there was usage. */
export function countActiveQuarters(connection: Connection, filter: SumFilter, of: UsageOf = 'all'): number {
  const query = `SELECT count(DISTINCT start_ms) FROM ${tableOf(connection, filter, of)} WHERE ${letsThrough(filter)}`;
  return connection.prepare<[UsageFilter], number>(query).pluck().get(filter) ?? 0;
}

/** How many invocations of each phase, or of each value of a tag, have usage. */
export function countInvocations(connection: Connection, filter: SumFilter, by: 'phase' | 'tag'): Map<string, number> {
  const table = tableOf(connection, filter, 'invocations');
  const query = `SELECT coalesce(${by}, ''), count(DISTINCT invocation_id) FROM ${table} WHERE ${letsThrough(filter)} GROUP BY 1`;
  return new Map(connection.prepare<[SumFilter], [string, number]>(query).raw().all(filter));
}

export interface TimeSpan {
  readonly firstMs: number;
  /** The end of the last quarter of an hour with usage. */
  readonly endMs: number;
}

/** From when to when anything is recorded; undefined when nothing is. */
export function readSpan(connection: Connection): TimeSpan | undefined {
  const span = connection
    .prepare<[], { firstMs: number | null; lastMs: number | null }>(
      `SELECT (SELECT min(start_ms) FROM buckets) AS firstMs, (SELECT max(start_ms) FROM buckets) AS lastMs`,
    )
    .get();
  if (!span || span.firstMs === null || span.lastMs === null) return undefined;
  return { firstMs: span.firstMs, endMs: span.lastMs + BUCKET_MS };
}

/** The names that there are of what a filter names, the dearest first. */
export function listNames(connection: Connection, key: 'provider' | 'projectId' | 'model'): string[] {
  const column = KEY_COLUMNS[key];
  return connection
    .prepare<[], string>(`SELECT ${column} FROM buckets GROUP BY 1 ORDER BY sum(cost_nano_usd) DESC, 1`)
    .pluck()
    .all();
}

/** The condition on buckets; its parameters are the fields of `filter` itself. */
function letsThrough(filter: UsageFilter): string {
  const conditions = [
    isBetween(filter, 'start_ms'),
    filter.provider === undefined ? '' : 'provider = @provider',
    filter.projectId === undefined ? '' : 'project_id = @projectId',
    filter.model === undefined ? '' : '(model = @model OR model GLOB @model)',
  ];
  return conditions.filter((condition) => condition !== '').join(' AND ');
}

// A time zone is an offset that changes a few times: SQLite can tell its days without knowing it.
export function dayOf(column: string, offsets: readonly OffsetChange[]): string {
  const [first, ...later] = offsets;
  const cases = later.map(({ fromMs, offsetMs }) => `WHEN ${column} >= ${fromMs} THEN ${offsetMs}`).reverse();
  const offset =
    cases.length === 0 ? `${first?.offsetMs ?? 0}` : `CASE ${cases.join(' ')} ELSE ${first?.offsetMs ?? 0} END`;
  return `(${column} + ${offset}) / ${DAY_MS}`;
}
