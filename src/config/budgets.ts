import { UsageError } from '../errors.js';
import {
  BUDGET_SCOPES,
  BUDGET_UNITS,
  type BudgetLimit,
  type BudgetScope,
  type BudgetUnit,
  type MinLeft,
} from '../usage/budget.js';
import type { ConfigFile } from './read-file.js';
import { type Setting, settingOf } from './setting.js';
import type { Given, SettingName } from './settings.js';

/** A limit, or that there is to be none, whatever a file says. */
type LimitOrNone = Pick<BudgetLimit, 'scope' | 'unit'> & { readonly amount: number | undefined };

/** The limits of all units and scopes, each of the strongest that says it. Throws a UsageError. */
export function resolveLimits(
  said: (name: SettingName) => Given | undefined,
  files: readonly ConfigFile[],
): Setting<BudgetLimit>[] {
  return BUDGET_UNITS.flatMap((unit) => {
    const given = said(`budget-${unit}`);
    const parsed = given ? parseBudget(given.value, unit, given.place) : [];
    return BUDGET_SCOPES.flatMap((scope): Setting<BudgetLimit>[] => {
      const own = parsed.find((one) => one.scope === scope);
      if (own && given) return isLimit(own) ? [{ ...given, value: own }] : [];
      for (const file of files) {
        const limit = file.limits.find((one) => one.scope === scope && one.unit === unit);
        if (limit) return [settingOf(file, ['budget', scope, unit], limit)];
      }
      return [];
    });
  });
}

function isLimit(limit: LimitOrNone): limit is BudgetLimit {
  return limit.amount !== undefined;
}

/**
 * Reads a budget as an option or a variable gives it: `2.50` for the invocation, `run=20`, `day=50`, `week=200`, `month=500`, or several with
 * commas between them; `none` lifts what a file says. `said` is the name of the option or the variable, for the message. Throws a UsageError.
 */
function parseBudget(written: string, unit: BudgetUnit, said: string): LimitOrNone[] {
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

/**
 * Reads how much of which rate-limit windows must be left when a run starts: `5h=10%,week=5%`, or `none`. Throws a
 * UsageError.
 */
export function parseMinLeft(written: string, said: string): readonly MinLeft[] {
  const parsed = readMinLeft(written);
  if (parsed) return parsed;
  throw new UsageError(
    `${said}: "${written}" is not known: name windows and what must be left, such as ${MIN_LEFT_EXAMPLE}.`,
  );
}

export const MIN_LEFT_EXAMPLE = '5h=10%,week=5%';

/** The same; undefined for anything else. */
export function readMinLeft(written: string): readonly MinLeft[] | undefined {
  if (written === 'none') return [];
  const parsed = written.split(',').map((part): MinLeft | undefined => {
    const [, count, unit = '', percent] = /^(?:(\d+)([mhd])|week)=(\d+(?:\.\d+)?)%$/.exec(part.trim()) ?? [];
    const windowMinutes = count === undefined ? WEEK_MINUTES : Number(count) * (UNIT_MINUTES[unit] ?? 0);
    const isPossible = windowMinutes > 0 && Number(percent) > 0 && Number(percent) <= 100;
    return isPossible ? { windowMinutes, percent: Number(percent) } : undefined;
  });
  return parsed.every((one) => one !== undefined) ? parsed : undefined;
}

const WEEK_MINUTES = 7 * 24 * 60;
const UNIT_MINUTES: Readonly<Record<string, number>> = { m: 1, h: 60, d: 24 * 60 };

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
