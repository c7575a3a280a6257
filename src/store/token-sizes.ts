import type { Provider } from '../usage/provider.js';
import type { Connection } from './open.js';
import { joinInvocationAndThread, PROJECT, readRows } from './sql.js';

/** How many responses have a count of input, or of output, in a span of sizes. */
export interface TokenSizeRow {
  readonly provider: Provider;
  readonly projectId: string;
  readonly model: string;
  readonly source: string;
  readonly type: 'input' | 'output';
  /** The place of the lowest bound that is not below the count; the number of bounds where all are. */
  readonly size: number;
  readonly responses: number;
}

/** Counts responses by the size of their input and of their output. Reads every response. */
export function countTokenSizes(connection: Connection, bounds: readonly number[]): TokenSizeRow[] {
  const sizeOf = (column: string) => {
    return `CASE ${bounds.map((bound, at) => `WHEN ${column} <= ${bound} THEN ${at}`).join(' ')} ELSE ${bounds.length} END`;
  };
  const part = (type: string, column: string) => `
    SELECT provider, project_id AS projectId, model, source, '${type}' AS type, ${sizeOf(column)} AS size,
      count(*) AS responses FROM counted GROUP BY 1, 2, 3, 4, 6`;
  const query = `
    WITH counted AS MATERIALIZED (
      SELECT r.provider, ${PROJECT} AS project_id, r.model, r.source, r.input_tokens, r.output_tokens
      FROM responses r ${joinInvocationAndThread('r')})
    ${part('input', 'input_tokens')} UNION ALL ${part('output', 'output_tokens')}`;
  return readRows(connection, query);
}
