import { RESPONSE_COUNTERS } from '../usage/counters.js';
import type { ModelResponse, PricedResponse } from '../usage/record.js';
import { isBetterEvidence } from './assignment/rule.js';
import type { BucketSums } from './buckets.js';
import { refreshCostRecords } from './cost-records.js';
import type { Connection } from './open.js';
import { openPack, type Pack, repack } from './pack.js';
import { createHoldings, createPackedKeys, createPackInsert, unpackThreads } from './packs.js';
import {
  createPriceEncoder,
  RESPONSE_COLUMNS,
  RESPONSE_VALUES,
  SET_COUNTS,
  toResponseValues,
} from './response-rows.js';
import { createCopies } from './session-runs.js';

/** What a response costs. Equal prices should be the same object: each object is put into words once. */
export type Bill = Pick<PricedResponse, 'costNanoUsd' | 'price' | 'costExtent'>;

export interface BilledResponse {
  readonly response: ModelResponse;
  readonly bill: Bill;
}

/** Responses that were found in one reading of a file, each once. */
export interface FoundResponses {
  readonly file: { readonly path: string };
  readonly packs: readonly Pack[];
  /** Those that the file of another session may hold as well, which are never packed. */
  readonly responses: readonly BilledResponse[];
}

/**
 * Inserts the responses that are not there yet, and adds them to `sums`. Returns how many were new. What is there was
 * recorded live, or was read before: it keeps its invocation, and its counts unless these are by better evidence or
 * Claude Code has gone on with the message. Those of a thread that has no rows are packed: what its packs hold already stays
 * sealed.
 */
export type InsertResponses = (found: FoundResponses, now: number, sums: BucketSums) => number;

/** Prepares statements for responses by the ten thousand, to be used within a transaction. */
export function createResponseInsert(connection: Connection): InsertResponses {
  const insertOne = connection.prepare<object>(INSERT);
  const update = createUpdate(connection);
  const holdCopy = createCopies(connection);
  const findProject = connection.prepare<[string], string>('SELECT project_id FROM threads WHERE id = ?').pluck();
  const readHoldings = createHoldings(connection);
  const readPackedKeys = createPackedKeys(connection);
  const insertPack = createPackInsert(connection);
  const toJson = createPriceEncoder();

  const insertOrLeave = (one: BilledResponse, projectId: string, now: number, sums: BucketSums): boolean => {
    const { response, bill } = one;
    const values = toResponseValues(response, bill, toJson(bill.price), now);
    if (insertOne.run(values).changes === 1) {
      sums.add(response, bill, projectId);
      return true;
    }
    update(values, sums);
    if (response.provider === 'claude') holdCopy(response);
    return false;
  };

  const insertAll = (responses: readonly BilledResponse[], now: number, sums: BucketSums): number => {
    let added = 0;
    let known: { threadId: string; projectId: string } | undefined;
    for (const one of responses) {
      const { threadId } = one.response;
      if (known?.threadId !== threadId) known = { threadId, projectId: findProject.get(threadId) ?? 'unknown' };
      if (insertOrLeave(one, known.projectId, now, sums)) added++;
    }
    return added;
  };

  /** How many packs of a thread come from one reading of one file. No response is in two of these. */
  const packed = new Map<string, number>();
  return ({ file, packs, responses }, now, sums) => {
    let added = insertAll(responses, now, sums);
    for (const pack of packs) {
      const { threadId } = pack;
      const reading = `${threadId} ${file.path}`;
      const ofReading = packed.get(reading) ?? 0;
      const held = readHoldings(threadId);
      if (held.rows > 0) {
        unpackThreads(connection, [threadId]);
        added += insertAll(openPack(pack), now, sums);
        continue;
      }
      // Where the thread has other packs, another reading or another import may have found some of these responses.
      for (const fresh of held.packs === ofReading ? [pack] : repack(pack, readPackedKeys(threadId))) {
        insertPack(fresh, now);
        packed.set(reading, ofReading + 1);
        sums.addSums(fresh.sums, held.projectId ?? 'unknown');
        added += fresh.responses;
      }
    }
    return added;
  };
}

const INSERT = `INSERT INTO response_rows (${RESPONSE_COLUMNS}) VALUES (${RESPONSE_VALUES}) ON CONFLICT DO NOTHING`;

type ResponseValues = ReturnType<typeof toResponseValues>;

/** A response that is there already: it may be known by better evidence now, or be a message of Claude Code that has gone on. */
function createUpdate(connection: Connection): (values: ResponseValues, sums: BucketSums) => void {
  type Row = { invocationId: string | null; completedAtMs: number };
  const improve = connection.prepare<[object], Row>(IMPROVE);
  const grow = connection.prepare<[object], Row>(GROW);
  return (values, sums) => {
    const changed = (values.provider === 'claude' ? grow : improve).get(values);
    if (!changed) return;
    sums.renew(changed.completedAtMs);
    if (changed.invocationId !== null) refreshCostRecords(connection, changed.invocationId);
  };
}

const IMPROVE = `
  UPDATE response_rows SET ${SET_COUNTS}
  WHERE thread_id = @threadId AND response_key = @key AND ${isBetterEvidence('@evidence', 'evidence')}
  RETURNING invocation_id AS invocationId, completed_at_ms AS completedAtMs`;

// Claude Code writes a message's usage before its end too; the last is the largest.
const GROW = `
  UPDATE response_rows SET ${SET_COUNTS}
  WHERE provider = 'claude' AND response_key = @key
    AND (output_tokens, reasoning_tokens, input_tokens) <= (@output, @reasoning, @input)
    AND (model, service_tier, ${RESPONSE_COUNTERS.map(({ column }) => column).join(', ')}, fees)
      IS NOT (@model, @serviceTier, ${RESPONSE_COUNTERS.map(({ name }) => `@${name}`).join(', ')}, @fees)
  RETURNING invocation_id AS invocationId, completed_at_ms AS completedAtMs`;
