/** The exit code of codex-metered where a budget ended the run, or where a spent budget kept it from starting. */
export const BUDGET_EXIT_CODE = 99;

/** The stretches of a project's time that a budget can be for, in the user's time zone. A week begins on Monday. */
export type BudgetPeriod = 'day' | 'week' | 'month';

/** What a budget is for: one Codex process, all of one run, or a project's day, week or month. */
export const BUDGET_SCOPES = ['invocation', 'run', 'day', 'week', 'month'] as const;
export type BudgetScope = (typeof BUDGET_SCOPES)[number];

export function isBudgetPeriod(scope: BudgetScope): scope is BudgetPeriod {
  return scope !== 'invocation' && scope !== 'run';
}

/** Epoch milliseconds; the end is not part of it. */
export interface Period {
  readonly startMs: number;
  readonly endMs: number;
}

/** How much of a rate limit's window must be left when a run starts: `percent` of the window of that length. */
export interface MinLeft {
  readonly windowMinutes: number;
  readonly percent: number;
}

export const BUDGET_UNITS = ['usd', 'tokens'] as const;
export type BudgetUnit = (typeof BUDGET_UNITS)[number];

/** What happens when a limit is reached. */
export const ON_BUDGET = ['stop', 'warn'] as const;
export type OnBudget = (typeof ON_BUDGET)[number];

/** What an invocation runs under, as the record keeps it. */
export interface Budget {
  readonly onBudget: OnBudget;
  readonly limits: readonly BudgetLimit[];
}

/** `amount` is in nano-USD or in tokens (input and output), a whole number above zero. */
export interface BudgetLimit {
  readonly scope: BudgetScope;
  readonly unit: BudgetUnit;
  readonly amount: number;
  /** `fleet`: what all machines of the fleet have spent in the project counts, and not only this one. Of periods alone. */
  readonly of?: 'fleet' | undefined;
}

/** What counts toward limits. */
export interface Spent {
  /** Of the responses that have a price. */
  readonly nanoUsd: number;
  /** Input and output. */
  readonly tokens: number;
  readonly unpricedResponses: number;
  /** Those whose counts the API did not report itself. */
  readonly inexactResponses: number;
}

export const NOTHING_SPENT: Spent = { nanoUsd: 0, tokens: 0, unpricedResponses: 0, inexactResponses: 0 };

export function addSpent(one: Spent, other: Spent): Spent {
  return {
    nanoUsd: one.nanoUsd + other.nanoUsd,
    tokens: one.tokens + other.tokens,
    unpricedResponses: one.unpricedResponses + other.unpricedResponses,
    inexactResponses: one.inexactResponses + other.inexactResponses,
  };
}
