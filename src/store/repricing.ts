import type { CostExtent, ModelResponse, PricedResponse } from '../usage/record.js';
import { bucketStartOf } from './bucket-tally.js';
import { refreshBuckets } from './buckets.js';
import { refreshCostRecords } from './cost-records.js';
import type { Connection } from './open.js';
import { unpackThreads } from './packs.js';
import type { UsageFilter } from './period-queries.js';
import { type ModelResponseRow, selectModelResponse, toModelResponse } from './response-rows.js';
import { between, conditionsOf, isBetween, isModel, readColumn, readRows, readValue } from './sql.js';

/** Whether what was found is written. */
export type RepricingMode = 'write' | 'dry-run';

/** The cost of a response before and after. */
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
  /** Responses whose price is not known any more. They keep it. */
  readonly kept: number;
}

/** So few that a run which records at the same time does not wait long. */
const ROWS_AT_ONCE = 2000;

interface Row extends ModelResponse {
  readonly id: number;
  readonly invocationId: string | null;
  readonly costNanoUsd: number | null;
  readonly costExtent: CostExtent;
}

export interface RepricingOptions {
  readonly filter: UsageFilter;
  readonly priceOf: (response: ModelResponse) => PricedResponse;
  readonly mode: RepricingMode;
  /** Called with an invocation before a change to its cost records is written. */
  readonly onChange?: (invocationId: string) => void;
}

/**
 * Computes the cost of the responses that pass `filter` anew with `priceOf`. The first cost of each stays in
 * `original_costs`; cost records and buckets are refreshed. Each batch is applied whole or not at all.
 */
export function reprice(connection: Connection, { filter, priceOf, mode, onChange }: RepricingOptions): Repricing {
  const changed: Repriced[] = [];
  const unpriced = new Map<string, number>();
  let [responses, kept] = [0, 0];
  const count = (examined: Examined) => {
    responses += examined.responses;
    kept += examined.kept;
    for (const model of examined.unpriced) unpriced.set(model, (unpriced.get(model) ?? 0) + 1);
    for (const { row, costNanoUsd } of examined.changed) {
      changed.push({ model: row.model, beforeNanoUsd: row.costNanoUsd, afterNanoUsd: costNanoUsd });
    }
  };
  const step = connection.transaction((examined: Examined) => write(connection, examined.changed, onChange));
  // A thread of which something changes is unpacked, and is met again among the rows.
  for (const threadId of listPackedThreads(connection, filter)) {
    const examined = examine(readPacked(connection, filter, threadId), priceOf);
    if (mode === 'dry-run' || examined.changed.length === 0) count(examined);
    else connection.transaction(() => unpackThreads(connection, [threadId])).immediate();
  }
  const newest = readValue<number | null>(connection, 'SELECT max(id) FROM response_rows') ?? 0;
  for (let after = 0; ; ) {
    const rows = readBatch(connection, filter, { after, newest });
    const examined = examine(rows, priceOf);
    count(examined);
    if (mode === 'write') step.immediate(examined);
    const last = rows.at(-1);
    if (!last || rows.length < ROWS_AT_ONCE) return { responses, changed, unpriced, kept };
    after = last.id;
  }
}

interface Examined {
  readonly responses: number;
  readonly changed: readonly Change[];
  /** The models of responses without a price, before and now. */
  readonly unpriced: readonly string[];
  readonly kept: number;
}

interface Change {
  readonly row: Row;
  readonly costNanoUsd: number;
  readonly costExtent: CostExtent;
  readonly price: unknown;
}

function examine(rows: readonly Row[], priceOf: RepricingOptions['priceOf']): Examined {
  const changed: Change[] = [];
  const unpriced: string[] = [];
  let kept = 0;
  for (const row of rows) {
    const { costNanoUsd, costExtent = 'whole', price } = priceOf(row);
    if (costNanoUsd !== undefined) {
      const isSame = costNanoUsd === row.costNanoUsd && costExtent === row.costExtent;
      if (!isSame) changed.push({ row, costNanoUsd, costExtent, price });
    } else if (row.costNanoUsd === null) unpriced.push(row.model);
    else kept++;
  }
  return { responses: rows.length, changed, unpriced, kept };
}

function write(connection: Connection, changes: readonly Change[], onChange: RepricingOptions['onChange']): void {
  const keep = connection.prepare(
    `INSERT OR IGNORE INTO original_costs (response_id, cost_nano_usd, price, repriced_at_ms)
     SELECT id, cost_nano_usd, price, ? FROM response_rows WHERE id = ?`,
  );
  const update = connection.prepare(
    'UPDATE response_rows SET cost_nano_usd = ?, cost_extent = ?, price = ? WHERE id = ?',
  );
  const now = Date.now();
  for (const { row, costNanoUsd, costExtent, price } of changes) {
    keep.run(now, row.id);
    update.run(costNanoUsd, costExtent, JSON.stringify(price), row.id);
  }
  for (const id of new Set(changes.map(({ row }) => row.invocationId))) {
    if (id === null) continue;
    onChange?.(id);
    refreshCostRecords(connection, id);
  }
  refreshBuckets(connection, new Set(changes.map(({ row }) => bucketStartOf(row.completedAtMs))));
}

function readBatch(connection: Connection, filter: UsageFilter, ids: { after: number; newest: number }): Row[] {
  const sql = `SELECT id, invocation_id AS invocationId, ${COLUMNS} FROM response_rows r
    WHERE id > @after AND id <= @newest AND ${letsThrough(filter)} ORDER BY id LIMIT ${ROWS_AT_ONCE}`;
  return readRows<FlatRow>(connection, sql, { ...filter, ...ids }).map(toModelResponse);
}

function listPackedThreads(connection: Connection, filter: UsageFilter): string[] {
  const condition = isBetween(filter, 'last_completed_at_ms', 'first_completed_at_ms');
  const sql = `SELECT thread_id FROM response_packs WHERE ${condition} GROUP BY thread_id ORDER BY min(id)`;
  return readColumn(connection, sql, filter);
}

/** Packed responses have no id. */
function readPacked(connection: Connection, filter: UsageFilter, threadId: string): Row[] {
  const sql = `SELECT 0 AS id, NULL AS invocationId, ${COLUMNS} FROM packed_responses r
    WHERE thread_id = @threadId AND ${letsThrough(filter)}`;
  return readRows<FlatRow>(connection, sql, { ...filter, threadId }).map(toModelResponse);
}

type FlatRow = ModelResponseRow & Pick<Row, 'id' | 'invocationId' | 'costNanoUsd' | 'costExtent'>;

const COLUMNS = `${selectModelResponse('r')}, r.cost_nano_usd AS costNanoUsd, r.cost_extent AS costExtent`;

function letsThrough(filter: UsageFilter): string {
  return conditionsOf(filter, { ...between('completed_at_ms'), model: isModel('model') });
}
