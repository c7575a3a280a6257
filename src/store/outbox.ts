import { randomUUID } from 'node:crypto';
import type { Connection } from './open.js';
import { insertRow, readRow, readRows, readValue } from './sql.js';

/** What an entry of the outbox is about: a response, a pack of them, those of a thread without an invocation, or an invocation. */
export type EntryKind = 'response' | 'pack' | 'thread' | 'invocation';

/** A change that a target has not been sent yet. Its number grows with each change, and so orders them. */
export interface OutboxEntry {
  readonly seq: number;
  readonly kind: EntryKind;
  /** The id of an invocation, a thread or a pack; of a response `[thread_id, response_key, completed_at_ms]` as JSON. */
  readonly key: string;
  /** JSON: provider and evidence of a response that was deleted; null while it is there. */
  readonly gone: string | null;
  /** How many rows it stands for. */
  readonly rows: number;
}

/** A target of the fleet as this database knows it. */
export interface PushTarget {
  readonly name: string;
  /** Under which id this database is known there. A copied or restored file is given a new one. */
  readonly store: string;
  /** The nonce of the last batch that the target has confirmed; null before the first. */
  readonly nonce: string | null;
  /** The nonce of the batch that was sent and not answered; null where there is none. */
  readonly nextNonce: string | null;
  /** Which of the settings decide what is sent: when they change, all is sent again. */
  readonly settings: string;
  /** The target has been sent all entries up to this one. */
  readonly cursor: number;
  readonly lastTriedMs: number | null;
  readonly lastOkMs: number | null;
  readonly lastError: string | null;
  /** How far this machine's clock is ahead of the target's. */
  readonly clockSkewMs: number | null;
}

/** The id of this database, which is made when it is first asked for. */
export function readStoreId(connection: Connection): string {
  const read = () => readValue<string>(connection, 'SELECT uuid FROM store_identity');
  const known = read();
  if (known !== undefined) return known;
  connection.prepare('INSERT OR IGNORE INTO store_identity (id, uuid) VALUES (1, ?)').run(randomUUID());
  return read() as string;
}

export function listTargets(connection: Connection): PushTarget[] {
  return readRows(connection, `${SELECT_TARGET} ORDER BY name`);
}

export function readTarget(connection: Connection, name: string): PushTarget | undefined {
  return readRow(connection, `${SELECT_TARGET} WHERE name = ?`, [name]);
}

/**
 * Makes the target known, or begins it anew, and puts all that is recorded into the outbox. From then on every change of the
 * record makes an entry. `store`: `renew` where the target does not know the nonce.
 */
export function beginTarget(
  connection: Connection,
  { name, settings, store = 'keep' }: { name: string; settings: string; store?: 'keep' | 'renew' },
): PushTarget {
  const begin = connection.transaction(() => {
    const known = readTarget(connection, name);
    const isRenewed = known !== undefined && store === 'renew';
    const row = { name, settings, store: isRenewed ? randomUUID() : (known?.store ?? readStoreId(connection)) };
    const renewal = isRenewed ? ', store = excluded.store, nonce = NULL, next_nonce = NULL' : '';
    const again = `ON CONFLICT DO UPDATE SET settings = excluded.settings, cursor_seq = 0 ${renewal}`;
    insertRow(connection, 'push_targets', row, again);
    connection.prepare('DELETE FROM set_aside WHERE target = ?').run(name);
    connection.exec(ENQUEUE_ALL);
  });
  begin.immediate();
  return readTarget(connection, name) as PushTarget;
}

/** Makes a target known that is sent no rows: what is recorded before does not wait for it. */
export function noteTarget(connection: Connection, { name, settings }: { name: string; settings: string }): void {
  const values = { name, settings, store: readStoreId(connection), cursor: readLastNumber(connection) };
  connection.prepare<[object]>(NOTE_TARGET).run(values);
}

/** Forgets a target, and what only it had not been sent. Returns whether it was known. */
export function removeTarget(connection: Connection, name: string): boolean {
  const remove = connection.transaction(() => {
    const { changes } = connection.prepare('DELETE FROM push_targets WHERE name = ?').run(name);
    connection.prepare('DELETE FROM set_aside WHERE target = ?').run(name);
    connection.exec(DELETE_SENT);
    return changes > 0;
  });
  return remove.immediate();
}

/** Entries in their order, after that of the number `after`: as many as stand for `rows` rows, but at least one. */
export function listEntries(connection: Connection, after: number, rows: number): OutboxEntry[] {
  const entries: OutboxEntry[] = [];
  let left = rows;
  for (const entry of connection.prepare<[object], OutboxEntry>(ENTRIES).iterate({ after, limit: rows })) {
    if (entries.length > 0 && entry.rows > left) break;
    entries.push(entry);
    left -= entry.rows;
    if (left <= 0) break;
  }
  return entries;
}

/** The entries that a new target would be sent, one after the other. Writes nothing. */
export function iterateAll(connection: Connection): IterableIterator<OutboxEntry> {
  const sql = `SELECT row_number() OVER () AS seq, kind, key, NULL AS gone, ${ROWS} AS rows FROM (${ALL}) c`;
  return connection.prepare<[], OutboxEntry>(sql).iterate();
}

/** Chooses the nonce of the next batch, or returns the one of a batch whose answer was lost. */
export function prepareNonce(connection: Connection, name: string): string {
  const target = readTarget(connection, name);
  if (target?.nextNonce) return target.nextNonce;
  const nonce = randomUUID();
  connection.prepare('UPDATE push_targets SET next_nonce = ? WHERE name = ?').run(nonce, name);
  return nonce;
}

/** Notes that the target has taken the batch of `nonce`. */
export function confirmNonce(
  connection: Connection,
  name: string,
  { nonce, clockSkewMs }: { readonly nonce: string; readonly clockSkewMs: number | null },
): void {
  const sql = `UPDATE push_targets SET nonce = @nonce, next_nonce = NULL, last_ok_ms = @now, last_tried_ms = @now,
    last_error = NULL, clock_skew_ms = coalesce(@clockSkewMs, clock_skew_ms) WHERE name = @name`;
  connection.prepare(sql).run({ name, nonce, clockSkewMs, now: Date.now() });
}

/** Notes that the target has all entries up to `seq`, and deletes those that every target has. */
export function advanceCursor(connection: Connection, name: string, seq: number): void {
  const advance = connection.transaction(() => {
    connection.prepare('UPDATE push_targets SET cursor_seq = max(cursor_seq, ?) WHERE name = ?').run(seq, name);
    connection.exec(DELETE_SENT);
  });
  advance.immediate();
}

export function noteFailure(connection: Connection, name: string, reason: string): void {
  connection
    .prepare('UPDATE push_targets SET last_tried_ms = ?, last_error = ? WHERE name = ?')
    .run(Date.now(), reason, name);
}

/** The number of the newest entry that was ever made. */
export function readLastNumber(connection: Connection): number {
  return connection.prepare<[], number>("SELECT seq FROM sqlite_sequence WHERE name = 'changes'").pluck().get() ?? 0;
}

/** What a target has not been sent. */
export interface Backlog {
  readonly entries: number;
  /** When the oldest of them was made; null where there is none. */
  readonly sinceMs: number | null;
}

export function readBacklog(connection: Connection, { cursor }: Pick<PushTarget, 'cursor'>): Backlog {
  const sql = 'SELECT count(*) AS entries, min(changed_at_ms) AS sinceMs FROM changes WHERE seq > ?';
  return readRow(connection, sql, [cursor]) as Backlog;
}

/** The same for a target that was never pushed to: all that is recorded. */
export function readUnsent(connection: Connection): Backlog {
  return readRow(connection, UNSENT) as Backlog;
}

const UNSENT = `
  SELECT sum(n) AS entries, min(since) AS sinceMs FROM (
    SELECT count(*) AS n, min(started_at_ms) AS since FROM invocations
    UNION ALL SELECT count(*), min(recorded_at_ms) FROM response_packs
    UNION ALL SELECT count(*), min(recorded_at_ms) FROM response_rows)`;

const SELECT_TARGET = `
  SELECT name, store, nonce, next_nonce AS nextNonce, settings, cursor_seq AS cursor, last_tried_ms AS lastTriedMs,
    last_ok_ms AS lastOkMs, last_error AS lastError, clock_skew_ms AS clockSkewMs
  FROM push_targets`;

const NOTE_TARGET = `INSERT INTO push_targets (name, store, settings, cursor_seq) VALUES (@name, @store, @settings, @cursor)
  ON CONFLICT (name) DO UPDATE SET settings = excluded.settings`;

/** All that there is to send. Invocations come first, so that a target knows them when their responses come. */
const ALL = `
  SELECT 'invocation' AS kind, id AS key FROM invocations
  UNION ALL SELECT 'pack', CAST(id AS TEXT) FROM response_packs
  UNION ALL SELECT 'response', json_array(thread_id, response_key, completed_at_ms) FROM response_rows`;

// What is there already is given a new number: a row is sent again only with a higher one.
const ENQUEUE_ALL = `
  DELETE FROM changes WHERE gone IS NULL;
  INSERT INTO changes (kind, key, changed_at_ms) SELECT kind, key, CAST(unixepoch('subsec') * 1000 AS INTEGER) FROM (${ALL})`;

const DELETE_SENT = `
  DELETE FROM changes WHERE seq <= coalesce((SELECT min(cursor_seq) FROM push_targets), ${Number.MAX_SAFE_INTEGER})`;

/** SQL: how many rows the entry `c` stands for. */
const ROWS = `CASE c.kind
  WHEN 'pack' THEN coalesce((SELECT responses FROM response_packs WHERE id = CAST(c.key AS INTEGER)), 0)
  WHEN 'thread' THEN (SELECT count(*) FROM response_rows WHERE thread_id = c.key AND invocation_id IS NULL)
    + (SELECT coalesce(sum(responses), 0) FROM response_packs WHERE thread_id = c.key)
  ELSE 1 END`;

const ENTRIES = `SELECT c.seq, c.kind, c.key, c.gone, ${ROWS} AS rows FROM changes c WHERE c.seq > @after ORDER BY c.seq LIMIT @limit`;
