import { MOST_NANO_USD, mostTokens } from '../../usage/count.js';
import { RESPONSE_COUNTERS } from '../../usage/counters.js';
import { EVIDENCE } from '../../usage/source.js';
import { BUCKET_MS, bucketStartOf } from '../bucket-tally.js';
import { refreshBuckets } from '../buckets.js';
import { refreshCostRecords } from '../cost-records.js';
import { COUNTER_COLUMNS } from '../counter-columns.js';
import type { Connection } from '../driver.js';
import { unpackThreads } from '../packs.js';
import { READ_FOR_TAGS } from './steps.js';

/*
 * Brings over a database of the versions 1 to 9, which were never released. Its tables are set aside, those of today are
 * made, and each takes the columns that it shares with the one of before. test/store/earlier.ts has the ten steps in which the
 * schema grew; a test holds that this comes to the same.
 */

const TABLES = [
  ...['invocations', 'response_rows', 'response_packs', 'cost_records', 'notes', 'threads', 'history_files'],
  ...['session_runs', 'session_copies', 'buckets', 'rate_limits', 'original_costs', 'mirrored'],
];

/** What the rows of before have in columns that came later. Other new columns are NULL, or have a default. */
const ADDED: Readonly<Record<string, string>> = {
  origin: "'metered'",
  provider: "'codex'",
  cache_write_1h_tokens: '0',
  // The first programs started Codex in the process that recorded it.
  codex_pid: 'meter_pid',
};

/** Renames the tables of an earlier version, and drops its indexes and views, so that those of today can be made. */
export function setEarlierAside(connection: Connection): void {
  // Views that the user made on these tables are left alone, and are right again when the tables are.
  connection.pragma('legacy_alter_table = ON');
  for (const view of ['responses', 'packed_responses', 'packed_sums']) {
    if (findType(connection, view) === 'view') connection.exec(`DROP VIEW ${view}`);
  }
  // Before there were packs, all responses were rows.
  if (findType(connection, 'responses') === 'table') connection.exec('ALTER TABLE responses RENAME TO response_rows');
  for (const table of TABLES.filter((name) => findType(connection, name) === 'table')) {
    for (const index of listIndexes(connection, table)) connection.exec(`DROP INDEX ${index}`);
    connection.exec(`ALTER TABLE ${table} RENAME TO earlier_${table}`);
  }
  connection.pragma('legacy_alter_table = OFF');
}

/** Fills the tables of today from those that were set aside of `version`, and drops these. */
export function takeInEarlier(connection: Connection, version: number): void {
  for (const table of TABLES.filter((name) => findType(connection, `earlier_${name}`) === 'table')) {
    copyRows(connection, table);
    connection.exec(`DROP TABLE earlier_${table}`);
  }
  unpackThreads(connection, connection.prepare<[], string>(THREADS_WITHOUT_SUMS).pluck().all());
  if (version === 1) refreshBuckets(connection, connection.prepare<[], number>(STARTS).pluck().all());
  if (version < 5) connection.exec(RENAME_KEYS_OF_CLAUDE);
  // The steps of later versions were taken before these rows were there. It also finds projects that versions before 6 lost.
  connection.exec(READ_FOR_TAGS);
  if (version < 8) removeImpossible(connection);
}

function copyRows(connection: Connection, table: string): void {
  const before = listColumns(connection, `earlier_${table}`);
  const columns = listColumns(connection, table).filter((column) => before.includes(column) || column in ADDED);
  const values = columns.map((column) => (before.includes(column) ? column : ADDED[column]));
  connection.exec(
    `INSERT INTO ${table} (${columns.join(', ')}) SELECT ${values.join(', ')} FROM earlier_${table}
     ${hasRowid(connection, table) ? 'ORDER BY rowid' : ''}`,
  );
}

function findType(connection: Connection, name: string): string | undefined {
  return connection.prepare<[string], string>('SELECT type FROM sqlite_schema WHERE name = ?').pluck().get(name);
}

function listIndexes(connection: Connection, table: string): string[] {
  const query = "SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL";
  return connection.prepare<[string], string>(query).pluck().all(table);
}

function listColumns(connection: Connection, table: string): string[] {
  return connection.prepare<[string], string>('SELECT name FROM pragma_table_info(?)').pluck().all(table);
}

function hasRowid(connection: Connection, table: string): boolean {
  return connection.prepare<[string], 0 | 1>('SELECT wr FROM pragma_table_list(?)').pluck().get(table) === 0;
}

/** The first programs that packed responses kept no sums beside them. */
const THREADS_WITHOUT_SUMS = `SELECT DISTINCT p.thread_id FROM response_packs p, json_each(p.kinds) k
  WHERE json_array_length(k.value) < 15`;

const STARTS = `SELECT DISTINCT completed_at_ms / ${BUCKET_MS} * ${BUCKET_MS} FROM response_rows`;

/**
 * A message's key is its id and the time of its first line, because a proxy may give two messages the same id. Transcripts
 * are read once more, for what earlier versions passed over.
 */
const RENAME_KEYS_OF_CLAUDE = `
  UPDATE OR IGNORE response_rows SET response_key =
    iif(instr(response_key, ':') > 0, substr(response_key, 1, instr(response_key, ':') - 1), response_key)
    || '@' || completed_at_ms
  WHERE provider = 'claude' AND response_key NOT LIKE 'at:%';
  UPDATE history_files SET size_bytes = -1, read_bytes = 0, state = NULL, responses = 0, unreadable_lines = 0
  WHERE provider = 'claude';`;

/**
 * Takes out responses with counts that no response can have, as they would not be recorded today, and takes impossible costs
 * from others. The invocations get a note, and the sums are made anew.
 */
function removeImpossible(connection: Connection): void {
  unpackThreads(connection, connection.prepare<[], string>(IMPOSSIBLE_THREADS).pluck().all());
  const found = connection
    .prepare<[], { invocationId: string | null; completedAtMs: number }>(
      `SELECT invocation_id AS invocationId, completed_at_ms AS completedAtMs FROM response_rows
       WHERE ${HAS_IMPOSSIBLE_COUNT} OR ${HAS_IMPOSSIBLE_COST}`,
    )
    .all();
  const overflown = connection.prepare<[], number>(OVERFLOWN_BUCKETS).pluck().all();
  connection.exec(REMOVE_IMPOSSIBLE);
  const invocationIds = new Set(found.flatMap(({ invocationId }) => invocationId ?? []));
  for (const invocationId of invocationIds) refreshCostRecords(connection, invocationId);
  refreshBuckets(
    connection,
    new Set([...overflown, ...found.map(({ completedAtMs }) => bucketStartOf(completedAtMs))]),
  );
}

const MOST_TOKENS = `CASE evidence ${EVIDENCE.map((one) => `WHEN '${one}' THEN ${mostTokens(one)}`).join(' ')} END`;
const HAS_IMPOSSIBLE_COUNT = `max(${RESPONSE_COUNTERS.map(({ column }) => column).join(', ')}) > ${MOST_TOKENS}`;
const HAS_IMPOSSIBLE_COST = `coalesce(cost_nano_usd, 0) > ${MOST_NANO_USD}`;

// A pack's sums are looked at first: to open a pack takes long.
const IMPOSSIBLE_THREADS = `SELECT DISTINCT s.thread_id FROM packed_sums s
  WHERE (max(${COUNTER_COLUMNS}) > ${mostTokens('usage_record')} OR ${HAS_IMPOSSIBLE_COST})
    AND EXISTS (SELECT 1 FROM packed_responses r
      WHERE r.pack_id = s.pack_id AND (${HAS_IMPOSSIBLE_COUNT} OR ${HAS_IMPOSSIBLE_COST}))`;

const OVERFLOWN_BUCKETS = `SELECT DISTINCT start_ms FROM buckets
  WHERE max(${COUNTER_COLUMNS}, coalesce(cost_nano_usd, 0)) > ${Number.MAX_SAFE_INTEGER}`;

const REMOVE_IMPOSSIBLE = `
  INSERT INTO notes (invocation_id, kind, reason, figures, noted_at_ms)
  SELECT invocation_id, iif(${HAS_IMPOSSIBLE_COUNT}, 'unreadable', 'unpriced'),
    iif(${HAS_IMPOSSIBLE_COUNT}, 'responses with counts that cannot be had been recorded: they were taken out',
      'responses had been given a cost that cannot be: they have none now'),
    json_object('responses', count(*)), CAST(unixepoch('subsec') * 1000 AS INTEGER)
  FROM response_rows WHERE invocation_id IS NOT NULL AND (${HAS_IMPOSSIBLE_COUNT} OR ${HAS_IMPOSSIBLE_COST})
  GROUP BY invocation_id, ${HAS_IMPOSSIBLE_COUNT};
  DELETE FROM original_costs WHERE ${HAS_IMPOSSIBLE_COST} OR response_id IN (
    SELECT id FROM response_rows WHERE ${HAS_IMPOSSIBLE_COUNT} OR ${HAS_IMPOSSIBLE_COST});
  DELETE FROM response_rows WHERE ${HAS_IMPOSSIBLE_COUNT};
  UPDATE response_rows SET cost_nano_usd = NULL, price = NULL WHERE ${HAS_IMPOSSIBLE_COST};`;
