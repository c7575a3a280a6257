import type { Connection } from '../store/open.js';
import {
  advanceCursor,
  beginTarget,
  confirmNonce,
  iterateAll,
  listEntries,
  noteFailure,
  type OutboxEntry,
  type PushTarget,
  prepareNonce,
  readLastNumber,
  readTarget,
} from '../store/outbox.js';
import { readOutboxRows } from '../store/outbox-rows.js';
import { setRowAside, takeBack } from '../store/set-aside.js';
import { listResponsesOf, readWholeInvocations } from '../store/whole-invocations.js';
import { toResponseId } from '../usage/response-id.js';
import { countResponses, type RowRules, toSumRows, toWireRows, type WireRow, writeBatch } from './batch.js';
import { FleetError } from './connection.js';
import { type Chain, type Delivery, deliver, type Transport, UnknownNonceError } from './delivery.js';

/** How many rows a batch holds at most. */
const BATCH_ROWS = 2000;
/** The same of invocations with their sums. */
const BATCH_INVOCATIONS = 500;
/** More refused rows than this, and more than one in so many, are a fault of the target or of this program: no more are set aside. */
const MOST_REFUSED = 20;

/** One push of a database to one target. */
export interface PushJob {
  readonly connection: Connection;
  readonly target: string;
  readonly rules: RowRules;
  /** Which of the settings decide what is sent. */
  readonly settings: string;
  readonly head: Delivery['head'];
  /** Send all that is recorded, and not only what has changed. */
  readonly full: boolean;
  /** Called after each batch. */
  readonly onProgress?: (sent: Sent) => void;
}

/** What a push has sent, counted. */
export interface Sent {
  readonly responses: number;
  readonly invocations: number;
  readonly setAside: number;
}

/** Makes the target known where it is new, so that from now on changes wait for it. Returns how it is known. */
function prepareTarget({ connection, target: name, settings, full }: Omit<PushJob, 'onProgress'>): PushTarget {
  const known = readTarget(connection, name);
  return known && known.settings === settings && !full ? known : beginTarget(connection, { name, settings });
}

/**
 * Sends all that waits for a target, batch by batch. Dying at any point has the next push repeat a batch. Throws a FleetError, and notes
 * it with the target.
 */
export async function pushAll(job: PushJob, transport: Transport): Promise<Sent> {
  const sent = { responses: 0, invocations: 0, setAside: 0 };
  prepareTarget(job);
  let read = createReader(job);
  try {
    for (let renewals = 0; ; ) {
      const batch = listEntries(job.connection, cursorOf(job), BATCH_ROWS);
      if (batch.length === 0) return sent;
      try {
        await pushEntries(batch, read, job, transport, sent);
      } catch (error) {
        if (!(error instanceof UnknownNonceError)) throw error;
        if (++renewals > 1)
          throw new FleetError('The target does not know the nonce that it has just been given.', 'setup');
        beginTarget(job.connection, { name: job.target, settings: job.settings, store: 'renew' });
        read = createReader(job);
      }
    }
  } catch (error) {
    if (error instanceof FleetError) noteFailure(job.connection, job.target, error.message);
    throw error;
  }
}

/** Makes the rows of entries. */
type Reader = (entries: readonly OutboxEntry[]) => WireRow[];

/** An invocation that is sent as a whole is left out of later rows, where it has not changed since it was read. */
function createReader({ connection, rules }: PushJob): Reader {
  if (rules.detail === 'responses') return (entries) => toWireRows(readOutboxRows(connection, entries), rules);
  const readAt = new Map<string, number>();
  return (entries) => {
    const seq = readLastNumber(connection);
    const invocations = readWholeInvocations(connection, entries, { seq, readAt });
    for (const { id } of invocations) readAt.set(id, seq);
    return toSumRows(invocations, rules);
  };
}

async function pushEntries(
  entries: readonly OutboxEntry[],
  read: Reader,
  job: PushJob,
  transport: Transport,
  sent: { -readonly [Name in keyof Sent]: Sent[Name] },
): Promise<void> {
  const { connection, target } = job;
  const delivery: Delivery = {
    ...{ transport, head: job.head, chain: createChain(job) },
    accepted(rows) {
      sent.responses += countResponses(rows);
      sent.invocations += rows.filter(({ kind }) => kind === 'invocation').length;
      takeBack(
        connection,
        target,
        rows.map(({ id }) => id),
      );
      job.onProgress?.(sent);
    },
    refused(row, reason) {
      const accepted = sent.responses + sent.invocations;
      if (++sent.setAside > MOST_REFUSED && sent.setAside * MOST_REFUSED > accepted) {
        throw new FleetError(`The target refuses many rows, such as for: ${reason}.`, 'setup');
      }
      setRowAside(connection, { target, kind: row.kind, id: row.id, reason });
    },
    replacing: (row) => {
      const replaces = listResponsesOf(connection, row.id).map(toResponseId);
      return { ...row, value: { ...row.value, replaces } };
    },
  };
  const rows = read(entries);
  const most = mostRows(job);
  for (let from = 0; from < rows.length; from += most) await deliver(rows.slice(from, from + most), delivery);
  advanceCursor(connection, target, entries.at(-1)?.seq ?? 0);
}

function mostRows({ rules }: PushJob): number {
  return rules.detail === 'responses' ? BATCH_ROWS : BATCH_INVOCATIONS;
}

function cursorOf({ connection, target }: PushJob): number {
  return readTarget(connection, target)?.cursor ?? 0;
}

function createChain({ connection, target }: PushJob): Chain {
  const read = () => readTarget(connection, target);
  return {
    get store() {
      return read()?.store ?? '';
    },
    get nonce() {
      return read()?.nonce ?? null;
    },
    next: () => prepareNonce(connection, target),
    confirm: (nonce, clockSkewMs) => confirmNonce(connection, target, { nonce, clockSkewMs }),
  };
}

/** Calls `print` with each batch that a push would send, to the byte. Changes nothing. */
export function showBatches(job: PushJob, print: (batch: string) => void): void {
  const { connection, target: name, settings, full } = job;
  const known = readTarget(connection, name);
  const isAll = full || known?.settings !== settings;
  const entries = isAll ? iterateAll(connection) : iterateWaiting(connection, known.cursor);
  const chain = { store: known?.store ?? NEW_STORE, nonce: known?.nonce ?? null, nextNonce: NEW_STORE };
  const [read, most] = [createReader(job), mostRows(job)];
  let rows: WireRow[] = [];
  const flush = (least: number) => {
    for (; rows.length >= least && rows.length > 0; rows = rows.slice(most)) {
      print(writeBatch({ ...job.head, ...chain }, rows.slice(0, most)));
    }
  };
  for (const some of inGroups(entries)) {
    rows.push(...read(some));
    flush(most);
  }
  flush(1);
}

/** Stands in a dry run for an id or a nonce that is chosen when a batch is sent. */
const NEW_STORE = '00000000-0000-0000-0000-000000000000';

function* iterateWaiting(connection: Connection, after: number): Generator<OutboxEntry> {
  for (let cursor = after; ; ) {
    const entries = listEntries(connection, cursor, BATCH_ROWS);
    yield* entries;
    const last = entries.at(-1);
    if (!last) return;
    cursor = last.seq;
  }
}

/** Groups of entries that stand for as many rows as a batch holds, or that are one entry. */
function* inGroups(entries: Iterable<OutboxEntry>): Generator<OutboxEntry[]> {
  let group: OutboxEntry[] = [];
  let rows = 0;
  for (const entry of entries) {
    group.push(entry);
    rows += entry.rows;
    if (rows < BATCH_ROWS) continue;
    yield group;
    [group, rows] = [[], 0];
  }
  if (group.length > 0) yield group;
}
