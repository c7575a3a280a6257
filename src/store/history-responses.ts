import type { ModelResponse, PricedResponse } from '../usage/record.js';
import type { BucketSums } from './buckets.js';
import type { Connection } from './open.js';
import { createHoldings, createPacker, unpackThread } from './packs.js';

/** What a response costs. Prices that are the same are best the same object. */
export type Bill = Pick<PricedResponse, 'costNanoUsd' | 'price'>;

export interface BilledResponse {
  readonly response: ModelResponse;
  readonly bill: Bill;
}

/** Responses that one reading of a file has told. */
export interface ToldResponses {
  readonly file: { readonly path: string };
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
  const pack = createPacker(connection);
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

  return ({ file, responses }, now, sums) => {
    let added = 0;
    for (let start = 0, end = 0; start < responses.length; start = end) {
      const { threadId = '', provider } = responses[start]?.response ?? {};
      while (responses[end]?.response.threadId === threadId) end++;
      const some = start === 0 && end === responses.length ? responses : responses.slice(start, end);
      const projectId = findProject.get(threadId) ?? 'unknown';
      // Those of Claude Code may be another session's too.
      if (provider === 'claude' || !mayPack(file.path, threadId)) {
        for (const one of some) if (insertOrLeave(one, projectId, now, sums)) added++;
        continue;
      }
      pack(some, now);
      const key = `${threadId} ${file.path}`;
      packed.set(key, (packed.get(key) ?? 0) + 1);
      for (const { response, bill } of some) sums.add(response, bill.costNanoUsd, projectId);
      added += some.length;
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
