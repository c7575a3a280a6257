import type { InvocationTag, Tag } from '../usage/tags.js';
import type { Connection } from './open.js';

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
