import { type Db, findRow } from './database.js';

/** The page of a project's costs, in USD. */
export interface CostPage {
  readonly total: number;
  readonly tokens: { readonly input: number; readonly output: number };
  readonly byCategory: Readonly<Record<string, number>>;
  /** What belongs to no run is left out. */
  readonly byRun: Readonly<Record<string, number>>;
  readonly byDay: Readonly<Record<string, number>>;
  readonly byMonth: Readonly<Record<string, number>>;
  /** Of the month that `now` is in. */
  readonly budget: { readonly monthly: number; readonly spent: number; readonly left: number };
}

/** Sums up what is booked for a project. It asks of no row who wrote it, or how sure that is. */
export function readCosts(db: Db, projectId: string, now = new Date()): CostPage {
  const sumBy = (part: string, condition = 'TRUE') => {
    const sql = `SELECT ${part} AS part, sum(total_cost_usd) AS usd FROM cost_records
      WHERE project_id = ? AND ${condition} GROUP BY 1 ORDER BY 1`;
    const rows = db.prepare(sql).all(projectId) as { part: string; usd: number }[];
    return Object.fromEntries(rows.map(({ part, usd }) => [part, usd]));
  };
  const total = db
    .prepare(
      `SELECT coalesce(sum(total_cost_usd), 0) AS usd, coalesce(sum(input_tokens), 0) AS input,
         coalesce(sum(output_tokens), 0) AS output FROM cost_records WHERE project_id = ?`,
    )
    .get(projectId) as { usd: number; input: number; output: number };
  const byMonth = sumBy("strftime('%Y-%m', created_at)");
  const spent = byMonth[now.toISOString().slice(0, 7)] ?? 0;
  const { monthly_budget_usd: monthly } = findRow(db, 'projects', projectId);
  return {
    total: total.usd,
    tokens: { input: total.input, output: total.output },
    byCategory: sumBy('category'),
    byRun: sumBy('run_id', 'run_id IS NOT NULL'),
    byDay: sumBy('date(created_at)'),
    byMonth,
    budget: { monthly, spent, left: monthly - spent },
  };
}
