/** What a budget is for: one Codex process, all of one run, or a project's day in the user's time zone. */
export const BUDGET_SCOPES = ['invocation', 'run', 'day'] as const;
export type BudgetScope = (typeof BUDGET_SCOPES)[number];

export const BUDGET_UNITS = ['usd', 'tokens'] as const;
export type BudgetUnit = (typeof BUDGET_UNITS)[number];

/** What happens when a limit is reached. */
export const ON_BUDGET = ['stop', 'warn'] as const;
export type OnBudget = (typeof ON_BUDGET)[number];

/** `amount` is in nano-USD or in tokens (input and output), a whole number above zero. */
export interface BudgetLimit {
  readonly scope: BudgetScope;
  readonly unit: BudgetUnit;
  readonly amount: number;
}
