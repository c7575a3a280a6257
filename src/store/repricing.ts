import type { ModelResponse, PricedResponse } from '../usage/record.js';
import { bucketStartOf, refreshBuckets } from './buckets.js';
import { refreshCostRecords } from './cost-records.js';
import type { Connection } from './open.js';
import type { UsageFilter } from './period-queries.js';

/** Whether what was found is written. */
export type RepricingMode = 'write' | 'dry-run';

/** What another price makes of a response. */
export interface Repriced {
  readonly model: string;
  /** Null: it had no price. */
  readonly beforeNanoUsd: number | null;
  readonly afterNanoUsd: number;
}

export interface Repricing {
  readonly responses: number;
  readonly changed: readonly Repriced[];
  /** Responses that still have no price. */
  readonly unpriced: ReadonlyMap<string, number>;
  /** Responses that have a price which is not known any more: they keep it. */
  readonly kept: number;
}

/** A transaction is short, so that a run which records meanwhile does not wait long. */
const ROWS_AT_ONCE = 2000;

interface Row extends ModelResponse {
  readonly id: number;
  readonly invocationId: string | null;
  readonly costNanoUsd: number | null;
}

export interface RepricingOptions {
  readonly filter: UsageFilter;
  readonly priceOf: (response: ModelResponse) => PricedResponse;
  readonly mode: RepricingMode;
  /** Told of an invocation before a change to its cost records is applied. */
  readonly onChange?: (invocationId: string) => void;
}

/**
 * Gives the responses that `filter` lets through the cost that `priceOf` says. What they cost first is kept in
 * `original_costs`; cost records and buckets follow. Each batch is applied whole or not at all.
 */
export function reprice(connection: Connection, { filter, priceOf, mode, onChange }: RepricingOptions): Repricing {
  const changed: Repriced[] = [];
  const unpriced = new Map<string, number>();
  let [responses, kept, after] = [0, 0, 0];
  const step = connection.transaction((rows: readonly Row[]) => {
    const priced = rows.flatMap((row) => {
      const { costNanoUsd, price } = priceOf(row);
      if (costNanoUsd === undefined) {
        if (row.costNanoUsd === null) unpriced.set(row.model, (unpriced.get(row.model) ?? 0) + 1);
        else kept++;
        return [];
      }
      return costNanoUsd === row.costNanoUsd ? [] : [{ row, costNanoUsd, price }];
    });
    for (const { row, costNanoUsd } of priced) {
      changed.push({ model: row.model, beforeNanoUsd: row.costNanoUsd, afterNanoUsd: costNanoUsd });
    }
    if (mode === 'write') write(connection, priced, onChange);
  });
  for (;;) {
    const rows = readBatch(connection, filter, after);
    responses += rows.length;
    step.immediate(rows);
    const last = rows.at(-1);
    if (!last || rows.length < ROWS_AT_ONCE) return { responses, changed, unpriced, kept };
    after = last.id;
  }
}

function write(
  connection: Connection,
  priced: readonly { readonly row: Row; readonly costNanoUsd: number; readonly price: unknown }[],
  onChange: RepricingOptions['onChange'],
): void {
  const keep = connection.prepare(
    `INSERT OR IGNORE INTO original_costs (response_id, cost_nano_usd, price, repriced_at_ms)
     SELECT id, cost_nano_usd, price, ? FROM responses WHERE id = ?`,
  );
  const update = connection.prepare('UPDATE responses SET cost_nano_usd = ?, price = ? WHERE id = ?');
  const now = Date.now();
  for (const { row, costNanoUsd, price } of priced) {
    keep.run(now, row.id);
    update.run(costNanoUsd, JSON.stringify(price), row.id);
  }
  for (const id of new Set(priced.map(({ row }) => row.invocationId))) {
    if (id === null) continue;
    onChange?.(id);
    refreshCostRecords(connection, id);
  }
  refreshBuckets(connection, new Set(priced.map(({ row }) => bucketStartOf(row.completedAtMs))));
}

function readBatch(connection: Connection, filter: UsageFilter, after: number): Row[] {
  const conditions = [
    'id > @after',
    ...(filter.fromMs === undefined ? [] : ['completed_at_ms >= @fromMs']),
    ...(filter.untilMs === undefined ? [] : ['completed_at_ms < @untilMs']),
    ...(filter.model === undefined ? [] : ['(model = @model OR model GLOB @model)']),
  ];
  const rows = connection
    .prepare<[object], Row & Row['usage']>(
      `SELECT id, invocation_id AS invocationId, provider, thread_id AS threadId, response_key AS key,
         turn_id AS turnId, root_turn_id AS rootTurnId, model, service_tier AS serviceTier, input_tokens AS input,
         cached_input_tokens AS cachedInput, cache_write_tokens AS cacheWrite,
         cache_write_1h_tokens AS cacheWrite1h, output_tokens AS output, reasoning_tokens AS reasoning, evidence,
         source, cost_nano_usd AS costNanoUsd, completed_at_ms AS completedAtMs
       FROM responses WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT ${ROWS_AT_ONCE}`,
    )
    .all({ ...filter, after });
  return rows.map(({ input, cachedInput, cacheWrite, output, reasoning, ...row }) => ({
    ...row,
    serviceTier: row.serviceTier ?? undefined,
    usage: { input, cachedInput, cacheWrite, output, reasoning },
  }));
}
