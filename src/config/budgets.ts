import { UsageError } from '../errors.js';
import {
  BUDGET_SCOPES,
  type BudgetLimit,
  type BudgetScope,
  type BudgetUnit,
  ON_BUDGET,
  type OnBudget,
} from '../usage/budget.js';

/** A limit, or that there is to be none, whatever a file says. */
export type LimitOrNone = Pick<BudgetLimit, 'scope' | 'unit'> & { readonly amount: number | undefined };

/**
 * Reads a budget as an option or a variable gives it: `2.50` for the invocation, `run=20`, `day=50`, or several with
 * commas between them; `none` lifts what a file says. `said` names the option or the variable. Throws a UsageError.
 */
export function parseBudget(written: string, unit: BudgetUnit, said: string): LimitOrNone[] {
  if (written === 'none') return BUDGET_SCOPES.map((scope) => ({ scope, unit, amount: undefined }));
  const limits = written.split(',').map((part): LimitOrNone => {
    const [, name = 'invocation', amount = ''] = /^(?:([^=]*)=)?(.*)$/.exec(part.trim()) ?? [];
    const scope = BUDGET_SCOPES.find((one) => one === name);
    if (!scope)
      throw new UsageError(`${said}: "${name}" is not what a budget is for: use ${BUDGET_SCOPES.join(', ')}.`);
    return { scope, unit, amount: amount === 'none' ? undefined : parseAmount(amount, unit, said) };
  });
  const twice = findTwice(limits);
  if (twice) throw new UsageError(`${said} gives two budgets for the ${twice}.`);
  return limits;
}

/** Throws a UsageError. */
export function parseOnBudget(written: string, said: string): OnBudget {
  const found = ON_BUDGET.find((one) => one === written);
  if (found) return found;
  throw new UsageError(`${said}: "${written}" is not known: use ${ON_BUDGET.join(' or ')}.`);
}

function parseAmount(written: string, unit: BudgetUnit, said: string): number {
  if (unit === 'tokens') {
    const tokens = Number(written.replaceAll('_', ''));
    if (/^\d[\d_]*$/.test(written) && tokens > 0 && Number.isSafeInteger(tokens)) return tokens;
    throw new UsageError(
      `${said}: "${written}" is not a number of tokens: use a whole number above zero, such as 2000000.`,
    );
  }
  const nanoUsd = Math.round(Number(written) * 1e9);
  if (/^\d*\.?\d+$/.test(written) && nanoUsd > 0 && Number.isSafeInteger(nanoUsd)) return nanoUsd;
  throw new UsageError(`${said}: "${written}" is not an amount of USD: use a number above zero, such as 2.50.`);
}

function findTwice(limits: readonly LimitOrNone[]): BudgetScope | undefined {
  const scopes = limits.map(({ scope }) => scope);
  return scopes.find((scope, index) => scopes.indexOf(scope) !== index);
}
