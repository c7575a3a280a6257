import type { ModelResponse, PricedResponse } from '../usage/record.js';
import type { BucketSums } from './buckets.js';
import type { Connection } from './open.js';
import { openPack, type Pack } from './pack.js';
import { createHoldings, createPackInsert, unpackThread } from './packs.js';

/** What a response costs. Prices that are the same are best the same object. */
export type Bill = Pick<PricedResponse, 'costNanoUsd' | 'price'>;

export interface BilledResponse {
  readonly response: ModelResponse;
  readonly bill: Bill;
}

/** Responses that one reading of a file has told, each once. */
export interface ToldResponses {
  readonly file: { readonly path: string };
  readonly packs: readonly Pack[];
  /** Those that another session's file may tell too. */
  readonly responses: readonly BilledResponse[];
}

/**
 * Inserts the responses that are not there yet, and adds them to `sums`. Returns how many were new. What is there was
 * recorded live, or was read before: it stays as it is, with its invocation. Those of a thread that is new are packed.
 */
export type InsertResponses = (told: ToldResponses, now: number, sums: BucketSums) => number;

/** Prepares statements for responses by the ten thousand, to be used within a transaction. */
export function createResponseInsert(connection: Connection): InsertResponses {
  const insertOne = connection.prepare<object>(INSERT);
  const grow = connection.prepare<object>(GROW);
  const findProject = connection.prepare<[string], string>('SELECT project_id FROM threads WHERE id = ?').pluck();
  const readHoldings = createHoldings(connection);
  const insertPack = createPackInsert(connection);
  const toJson = createPriceEncoder();

  const insertOrLeave = (one: BilledResponse, projectId: string, now: number, sums: BucketSums): boolean => {
    const price = toJson(one.bill.price);
    if (insertOne.run(toRow(one, price, now)).changes === 1) {
      sums.add(one.response, one.bill.costNanoUsd, projectId);
      return true;
    }
    if (one.response.provider === 'claude' && grow.run(toGrowth(one, price)).changes > 0) {
      sums.renew(one.response.completedAtMs);
    }
    return false;
  };

  /** How many packs of a thread come from one reading of one file, which tells each response once. */
  const packed = new Map<string, number>();
  const mayPack = (file: string, threadId: string): boolean => {
    const { rows, packs } = readHoldings(threadId);
    const isAlone = rows === 0 && packs === (packed.get(`${threadId} ${file}`) ?? 0);
    if (!isAlone) unpackThread(connection, threadId);
    return isAlone;
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

  return ({ file, packs, responses }, now, sums) => {
    let added = insertAll(responses, now, sums);
    for (const pack of packs) {
      if (!mayPack(file.path, pack.threadId)) {
        added += insertAll(openPack(pack), now, sums);
        continue;
      }
      insertPack(pack, now);
      const key = `${pack.threadId} ${file.path}`;
      packed.set(key, (packed.get(key) ?? 0) + 1);
      sums.addSums(pack.sums, findProject.get(pack.threadId) ?? 'unknown');
      added += pack.responses;
    }
    return added;
  };
}

const INSERT = `
  INSERT INTO response_rows (provider, thread_id, response_key, turn_id, root_turn_id, model, service_tier, input_tokens,
    cached_input_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, evidence, source,
    cost_nano_usd, price, completed_at_ms, recorded_at_ms)
  VALUES (@provider, @threadId, @key, @turnId, @rootTurnId, @model, @serviceTier, @input,
    @cachedInput, @cacheWrite, @cacheWrite1h, @output, @reasoning, @evidence, @source,
    @costNanoUsd, @price, @completedAtMs, @now) ON CONFLICT DO NOTHING`;

function toRow({ response, bill }: BilledResponse, price: string | null, now: number): object {
  const { provider = 'codex', turnId = null, rootTurnId = null, serviceTier = null, cacheWrite1h = 0 } = response;
  const { usage, ...rest } = response;
  const costNanoUsd = bill.costNanoUsd ?? null;
  return { ...rest, ...usage, provider, turnId, rootTurnId, serviceTier, cacheWrite1h, costNanoUsd, price, now };
}

// Claude Code writes a message's usage before its end too; the last is the largest. What an invocation holds stays.
const GROW = `
  UPDATE response_rows SET input_tokens = @input, cached_input_tokens = @cachedInput, cache_write_tokens = @cacheWrite,
    cache_write_1h_tokens = @cacheWrite1h, output_tokens = @output, cost_nano_usd = @costNanoUsd, price = @price
  WHERE provider = 'claude' AND response_key = @key AND output_tokens < @output`;

function toGrowth({ response, bill }: BilledResponse, price: string | null): object {
  const { usage, key, cacheWrite1h = 0 } = response;
  return { ...usage, key, cacheWrite1h, costNanoUsd: bill.costNanoUsd ?? null, price };
}

/** Prices that are the same are the same object: each is put into words once. */
function createPriceEncoder(): (price: unknown) => string | null {
  const encoded = new Map<unknown, string>();
  return (price) => {
    if (price === undefined) return null;
    const known = encoded.get(price);
    if (known !== undefined) return known;
    const json = JSON.stringify(price);
    encoded.set(price, json);
    return json;
  };
}
