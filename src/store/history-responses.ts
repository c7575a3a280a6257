import type { ModelResponse, PricedResponse } from '../usage/record.js';
import type { BucketSums } from './buckets.js';
import type { Connection } from './open.js';

/** What a response costs. Prices that are the same are best the same object. */
export type Bill = Pick<PricedResponse, 'costNanoUsd' | 'price'>;

export interface BilledResponse {
  readonly response: ModelResponse;
  readonly bill: Bill;
}

/**
 * Inserts the responses that are not there yet, and adds them to `sums`. Returns how many were new. What is there was
 * recorded live, or was read before: it stays as it is, with its invocation.
 */
export type InsertResponses = (responses: readonly BilledResponse[], now: number, sums: BucketSums) => number;

/** Half of what a row costs is the call. */
const ROWS = 16;

/** Prepares statements for responses by the ten thousand, to be used within a transaction. */
export function createResponseInsert(connection: Connection): InsertResponses {
  const insertOne = connection.prepare<[unknown[], Shared]>(`${INSERT} ${VALUES} ON CONFLICT DO NOTHING`);
  const insertMany = connection.prepare<[unknown[], Shared]>(`${INSERT} ${Array(ROWS).fill(VALUES).join(', ')}`);
  const grow = connection.prepare<object>(GROW);
  const findProject = connection.prepare<[string], string>('SELECT project_id FROM threads WHERE id = ?').pluck();
  const findAny = connection.prepare<[string], number>('SELECT 1 FROM responses WHERE thread_id = ? LIMIT 1').pluck();
  const toJson = createPriceEncoder();

  const insertOrLeave = (one: BilledResponse, projectId: string, now: number, sums: BucketSums): boolean => {
    const row: unknown[] = [];
    pushOwn(row, one, toJson(one.bill.price));
    const { provider = 'codex', threadId } = one.response;
    if (insertOne.run(row, { provider, threadId, now }).changes === 1) {
      sums.add(one.response, one.bill.costNanoUsd, projectId);
      return true;
    }
    if (one.response.provider === 'claude' && grow.run(toGrowth(one, toJson(one.bill.price))).changes > 0) {
      sums.renew(one.response.completedAtMs);
    }
    return false;
  };

  return (responses, now, sums) => {
    let added = 0;
    for (let start = 0, end = 0; start < responses.length; start = end) {
      const { threadId = '', provider } = responses[start]?.response ?? {};
      while (responses[end]?.response.threadId === threadId) end++;
      const projectId = findProject.get(threadId) ?? 'unknown';
      let next = start;
      // The responses of a thread that is new are, all of them; those of Claude Code may be another session's too.
      if (provider !== 'claude' && findAny.get(threadId) === undefined) {
        for (; next + ROWS <= end; next += ROWS) {
          const rows: unknown[] = [];
          for (let index = next; index < next + ROWS; index++) {
            const one = responses[index] as BilledResponse;
            pushOwn(rows, one, toJson(one.bill.price));
            sums.add(one.response, one.bill.costNanoUsd, projectId);
          }
          added += insertMany.run(rows, { provider: provider ?? 'codex', threadId, now }).changes;
        }
      }
      for (const one of responses.slice(next, end)) if (insertOrLeave(one, projectId, now, sums)) added++;
    }
    return added;
  };
}

const INSERT = `
  INSERT INTO responses (provider, thread_id, response_key, turn_id, root_turn_id, model, service_tier, input_tokens,
    cached_input_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, evidence, source,
    cost_nano_usd, price, completed_at_ms, recorded_at_ms) VALUES`;
const VALUES = '(@provider, @threadId, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, @now)';

/** What the rows of one statement have in common is handed over once. */
interface Shared {
  readonly provider: string;
  readonly threadId: string;
  readonly now: number;
}

function pushOwn(rows: unknown[], { response, bill }: BilledResponse, price: string | null): void {
  const { usage } = response;
  rows.push(
    response.key,
    response.turnId ?? null,
    response.rootTurnId ?? null,
    response.model,
    response.serviceTier ?? null,
    usage.input,
    usage.cachedInput,
    usage.cacheWrite,
    response.cacheWrite1h ?? 0,
    usage.output,
    usage.reasoning,
    response.evidence,
    response.source,
    bill.costNanoUsd ?? null,
    price,
    response.completedAtMs,
  );
}

// Claude Code writes a message's usage before its end too; the last is the largest. What an invocation holds stays.
const GROW = `
  UPDATE responses SET input_tokens = @input, cached_input_tokens = @cachedInput, cache_write_tokens = @cacheWrite,
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
