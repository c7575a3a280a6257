/** What a cost is told in. `credits`: in USD, and beside it in credits of a ChatGPT plan, which only Codex takes. */
export const COST_UNITS = ['usd', 'credits'] as const;
export type CostUnit = (typeof COST_UNITS)[number];
