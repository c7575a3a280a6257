import type { InvocationTag, Tag } from '../usage/tags.js';
import type { Connection } from './open.js';
import { readColumn } from './sql.js';

/** Records the tags of an invocation that is new. Of two with the same key, the first counts. */
export function insertInvocationTags(connection: Connection, id: string, tags: readonly InvocationTag[]): void {
  const insert = connection.prepare<unknown[]>(
    'INSERT OR IGNORE INTO invocation_tags (invocation_id, key, value, origin) VALUES (?, ?, ?, ?)',
  );
  for (const { key, value, origin } of tags) insert.run(id, key, value, origin);
}

/** Tags that the session file of a thread has. `writtenAtMs`: when the file, or the line, with them was written. */
export interface ThreadTags {
  readonly threadId: string;
  readonly tags: readonly Tag[];
  readonly writtenAtMs: number;
}

/** Prepares the recording of threads' tags. Of several values for a key the one that was written first counts. */
export function createThreadTagInsert(connection: Connection): (found: ThreadTags) => void {
  const insert = connection.prepare<unknown[]>(PUT_THREAD_TAG);
  return ({ threadId, tags, writtenAtMs }) => {
    for (const { key, value } of tags) insert.run(threadId, key, value, writtenAtMs);
  };
}

const PUT_THREAD_TAG = `
  INSERT INTO thread_tags (thread_id, key, value, written_at_ms) VALUES (?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET value = excluded.value, written_at_ms = excluded.written_at_ms
  WHERE excluded.written_at_ms < thread_tags.written_at_ms`;

/*
 * A response has the tags of its invocation, or, where it has no invocation, those of its thread. An invocation without any
 * tag, as earlier versions recorded them and as a backfill does, has those of its own thread.
 */

/**
 * Tags that are asked for, as the JSON that the parameter `@tags` takes. Of several values for a key one must be there, and of several
 * keys each. A value may be a pattern with `*` and `?`.
 */
export type TagFilter = string;

/** Undefined where nothing is asked for. */
export function toTagFilter(tags: readonly Tag[]): TagFilter | undefined {
  return tags.length === 0 ? undefined : JSON.stringify(tags.map(({ key, value }) => [key, value]));
}

export function listWanted(filter: TagFilter | undefined): Tag[] {
  const wanted: [string, string][] = filter === undefined ? [] : JSON.parse(filter);
  return wanted.map(([key, value]) => ({ key, value }));
}

const bearersOf = (table: string, column: string) => `
  SELECT g.${column} FROM json_each(@tags) w
    JOIN ${table} g ON g.key = w.value ->> 0 AND (g.value = w.value ->> 1 OR g.value GLOB w.value ->> 1)
  GROUP BY g.${column} HAVING count(DISTINCT g.key) = (SELECT count(DISTINCT value ->> 0) FROM json_each(@tags))`;
const TAGGED_THREADS = bearersOf('thread_tags', 'thread_id');
const hasNone = (invocation: string) =>
  `NOT EXISTS (SELECT 1 FROM invocation_tags n WHERE n.invocation_id = ${invocation})`;
const TAGGED_INVOCATIONS = `${bearersOf('invocation_tags', 'invocation_id')}
  UNION SELECT u.id FROM invocations u WHERE u.thread_id IN (${TAGGED_THREADS}) AND ${hasNone('u.id')}`;

/** SQL: whether the invocation of this id has the tags `@tags`. */
export function isTaggedInvocation(id: string): string {
  return `${id} IN (${TAGGED_INVOCATIONS})`;
}

/** SQL: whether the thread of this id has the tags `@tags`, for responses that have no invocation. */
export function isTaggedThread(id: string): string {
  return `${id} IN (${TAGGED_THREADS})`;
}

/** SQL: whether the invocation, or else the thread, of a session has the tags `@tags`. A thread does by its responses without an invocation. */
export function isTaggedSession(invocation: string, thread: string): string {
  return `(${isTaggedInvocation(invocation)} OR (${isTaggedThread(thread)} AND (
    EXISTS (SELECT 1 FROM response_rows r WHERE r.thread_id = ${thread} AND r.invocation_id IS NULL)
    OR EXISTS (SELECT 1 FROM response_packs p WHERE p.thread_id = ${thread}))))`;
}

/** SQL: whether the response, or the sum over responses, `alias` has the tags `@tags`. */
export function isTagged(alias: string): string {
  const isOfThread = `${alias}.invocation_id IS NULL AND ${isTaggedThread(`${alias}.thread_id`)}`;
  return `(${isTaggedInvocation(`${alias}.invocation_id`)} OR (${isOfThread}))`;
}

/**
 * What a fleet asks whose usage something is by. It is asked for as a tag is, by a key with a space, which no tag has, and read from
 * the surroundings of the invocation, or else of the thread. Where they say nothing it is `@here`.
 */
export const SURROUNDING_KEYS = { user: 'of user', machine: 'of machine', team: 'of team' } as const;

const SURROUNDING_PATHS: Readonly<Record<string, string>> = {
  [SURROUNDING_KEYS.user]: '$.user',
  [SURROUNDING_KEYS.machine]: '$.host',
  [SURROUNDING_KEYS.team]: '$.labels.team',
};

function selectSurrounding(path: string, ids: Readonly<Record<string, string>>): string {
  const found = Object.entries(ids).map(([table, id]) => {
    return `(SELECT nullif(s.surroundings ->> '${path}', '') FROM ${table} s WHERE s.id = ${id})`;
  });
  return `coalesce(${[...found, '@here'].join(', ')})`;
}

/** SQL: the value of `@tagKey` of a response `alias` with its invocation `i`, or NULL. That of `pr` has the repository: `owner/name#7`. */
export function selectTag(tagKey: string, alias: string): string {
  const path = SURROUNDING_PATHS[tagKey];
  const threads = `iif(${alias}.invocation_id IS NULL, ${alias}.thread_id, NULL)`;
  if (path !== undefined) return selectSurrounding(path, { invocations: `${alias}.invocation_id`, threads });
  return nameValue(tagKey, (key) =>
    choose(alias, (table, column, id) => `(SELECT value FROM ${table} WHERE ${column} = ${id} AND key = ${key})`),
  );
}

/** SQL: the same of the thread with this id. */
export function selectThreadTag(tagKey: string, id: string): string {
  const path = SURROUNDING_PATHS[tagKey];
  if (path !== undefined) return selectSurrounding(path, { threads: id });
  return nameValue(tagKey, (key) => `(SELECT value FROM thread_tags WHERE thread_id = ${id} AND key = ${key})`);
}

/** SQL: all tags of a response, or an invocation, `alias` with its invocation `i`, as a JSON object. */
export function selectTags(alias: string): string {
  return choose(
    alias,
    (table, column, id) => `(SELECT json_group_object(key, value) FROM ${table} WHERE ${column} = ${id})`,
  );
}

/** The numbers of pull requests of two repositories are not the same thing. */
function nameValue(tagKey: string, select: (key: string) => string): string {
  return tagKey === 'pr' ? `coalesce(${select("'repo'")}, '') || '#' || ${select('@tagKey')}` : select('@tagKey');
}

function choose(alias: string, select: (table: string, column: string, id: string) => string): string {
  const invocation = `${alias}.invocation_id`;
  return `CASE WHEN ${invocation} IS NULL THEN ${select('thread_tags', 'thread_id', `${alias}.thread_id`)}
    WHEN ${hasNone(invocation)} THEN ${select('thread_tags', 'thread_id', 'i.thread_id')}
    ELSE ${select('invocation_tags', 'invocation_id', invocation)} END`;
}

/** The keys that there are, or the values of one of them, that of most invocations and threads first. */
export function listTags(connection: Connection, key?: string): string[] {
  const [column, isMeant] = key === undefined ? ['key', 'TRUE'] : ['value', 'key = @key'];
  const sql = `
    SELECT ${column} FROM (SELECT key, value FROM invocation_tags UNION ALL SELECT key, value FROM thread_tags)
    WHERE ${isMeant} GROUP BY 1 ORDER BY count(*) DESC, 1`;
  return readColumn(connection, sql, { key });
}
