import { COUNTERS } from '../usage/counters.js';
import { BUCKET_MS } from './bucket-tally.js';
import { READ_PACK } from './buckets.js';
import { COUNTER_COLUMNS, sumCounterColumns } from './counter-columns.js';
import type { Connection } from './open.js';
import { type SealedPack, sumPack } from './pack.js';
import { lacksPrice } from './response-rows.js';
import { joinInvocationAndThread, PROJECT, readRows, readValue } from './sql.js';
import { isTagged, isTaggedThread, selectTag, selectThreadTag, type TagFilter } from './tags.js';

/** Whose usage is summed up, and by the values of which key. */
export interface TagWish {
  readonly tags?: TagFilter | undefined;
  readonly tagKey?: string | undefined;
  /** By a key of `SURROUNDING_KEYS`: the value of what says nothing, which is of this machine. */
  readonly here?: string | undefined;
}

export const TAGGED_USAGE = 'temp.tagged_usage';

/**
 * Buckets know no tags. So this makes a table like them for one wish, of this connection alone, with the tag, the invocation and its
 * phase: of rows by SQL, and of packs one by one. It is made once for all queries of a report.
 */
export function makeTaggedUsage(connection: Connection, { tags, tagKey, here }: TagWish): void {
  const wish = JSON.stringify([tags, tagKey, here]);
  const made = MADE.get(connection);
  if (made?.wish === wish && made.state === readState(connection) && isThere(connection)) return;
  connection.exec(CREATE);
  const values = { tags: tags ?? null, tagKey: tagKey ?? null, here: here ?? null };
  connection.prepare<[object]>(fillFromRows({ tags, tagKey })).run(values);
  fillFromPacks(connection, selectPacks({ tags, tagKey }), values);
  MADE.set(connection, { wish, state: readState(connection) });
}

const MADE = new WeakMap<Connection, { readonly wish: string; readonly state: string }>();

/** Another one when the database has changed, by this connection or by another. */
function readState(connection: Connection): string {
  const changes = readValue(connection, 'SELECT total_changes()');
  return `${connection.pragma('data_version', { simple: true })} ${changes}`;
}

/** A transaction that was taken back has taken the table with it. */
function isThere(connection: Connection): boolean {
  return readValue(connection, "SELECT 1 FROM temp.sqlite_schema WHERE name = 'tagged_usage'") !== undefined;
}

const KEYS = ['start_ms', 'provider', 'project_id', 'phase', 'model', 'source', 'tag', 'invocation_id'];
const SUMS = ['responses', 'unpriced_responses', ...COUNTERS.map(({ column }) => column), 'cost_nano_usd'];
const COLUMNS = [...KEYS, ...SUMS].join(', ');
/** As in `buckets`: without their types, numbers of packs would be stored as fractions, and days not be whole. */
const typeOf = (column: string) => (column === 'start_ms' || SUMS.includes(column) ? 'INTEGER' : 'TEXT');
const CREATE = `DROP TABLE IF EXISTS ${TAGGED_USAGE};
  CREATE TEMP TABLE tagged_usage (${[...KEYS, ...SUMS].map((column) => `${column} ${typeOf(column)}`).join(', ')})`;

/** Sums first: there are far fewer of them than of responses, and tags are found for those alone. */
function fillFromRows({ tags, tagKey }: TagWish): string {
  const tag = tagKey === undefined ? 'NULL' : selectTag(tagKey, 'u');
  return `
    INSERT INTO ${TAGGED_USAGE} (${COLUMNS})
    SELECT u.start_ms, u.provider, ${PROJECT}, i.phase, u.model, u.source, ${tag},
      u.invocation_id, u.responses, u.unpriced_responses, ${COUNTER_COLUMNS}, u.cost_nano_usd
    FROM (
      SELECT r.completed_at_ms / ${BUCKET_MS} * ${BUCKET_MS} AS start_ms, r.provider, r.thread_id, r.invocation_id, r.model,
        r.source, count(*) AS responses, sum(${lacksPrice('r')}) AS unpriced_responses, ${sumCounterColumns('r')},
        sum(r.cost_nano_usd) AS cost_nano_usd
      FROM response_rows r ${tags === undefined ? '' : `WHERE ${isTagged('r')}`} GROUP BY 1, 2, 3, 4, 5, 6) u
    ${joinInvocationAndThread('u')}`;
}

interface FoundPack {
  readonly id: number;
  readonly projectId: string;
  readonly tag: string | null;
}

// What is packed has no invocation.
function selectPacks({ tags, tagKey }: TagWish): string {
  return `
    SELECT p.id, coalesce(t.project_id, 'unknown') AS projectId,
      ${tagKey === undefined ? 'NULL' : selectThreadTag(tagKey, 'p.thread_id')} AS tag
    FROM response_packs p LEFT JOIN threads t ON t.id = p.thread_id
    ${tags === undefined ? '' : `WHERE ${isTaggedThread('p.thread_id')}`}`;
}

function fillFromPacks(connection: Connection, query: string, values: object): void {
  const marks = [...KEYS, ...SUMS].map(() => '?');
  const insert = connection.prepare<unknown[]>(`INSERT INTO ${TAGGED_USAGE} (${COLUMNS}) VALUES (${marks.join(', ')})`);
  const open = connection.prepare<[number], SealedPack>(READ_PACK);
  for (const { id, projectId, tag } of readRows<FoundPack>(connection, query, values)) {
    for (const sum of sumPack(open.get(id) as SealedPack)) {
      const { startMs, provider, model, source, responses, unpricedResponses, counts, costNanoUsd } = sum;
      const keys = [startMs, provider, projectId, null, model, source, tag, null];
      insert.run(...keys, responses, unpricedResponses, ...counts, costNanoUsd);
    }
  }
}
