import { readLevel } from '../../report/budget-status.js';
import { type Calendar, createCalendar, type Day, findPeriod, formatDay, startOfMonth } from '../../report/calendar.js';
import { ReportError } from '../../report/error.js';
import { groupBy } from '../../report/groups.js';
import { describeLimits } from '../../report/limits.js';
import { toPeriodJson } from '../../report/period-json.js';
import { type DayRange, resolveRange } from '../../report/period-range.js';
import { type PeriodQuery, type PeriodReport, readPeriodReport } from '../../report/period-report.js';
import { SCHEMA_VERSION, toIso, toSumsJson } from '../../report/sums-json.js';
import { readLimits } from '../../store/live-queries.js';
import type { Connection } from '../../store/open.js';
import { listNames } from '../../store/period-queries.js';
import { readRateLimits } from '../../store/rate-limits.js';
import { BUDGET_SCOPES, isBudgetPeriod } from '../../usage/budget.js';
import { PROVIDERS, type Provider } from '../../usage/provider.js';
import type { Question } from '../answers.js';
import {
  count,
  oneOf,
  optional,
  ParameterError,
  type Parsers,
  provider,
  toWantedTags,
  USAGE_FILTER,
  type UsageFilterQuery,
} from '../parameters.js';
import { listPlans, listReturns } from './returns.js';

export interface UsageQuery extends UsageFilterQuery {
  readonly period: 'daily' | 'weekly' | 'monthly';
  readonly provider: Provider | undefined;
  readonly last: number | undefined;
}

export const USAGE_PARAMETERS: Parsers<UsageQuery> = {
  period: oneOf(['daily', 'weekly', 'monthly'], 'daily'),
  provider,
  ...USAGE_FILTER,
  last: optional(count(1, 10_000)),
};

/** How far back the calendar goes: 53 whole weeks. */
const CALENDAR_DAYS = 53 * 7;
export const MONDAY = 1;

/**
 * What was used, by provider and together: of the days that are asked for, of today, and of this month. Each is the
 * report that `codex-usage daily --json` (or weekly, monthly) prints for the same filter.
 */
export const usageQuestion: Question<UsageQuery> = {
  path: '/api/usage',
  parameters: USAGE_PARAMETERS,
  answer(connection, query, { now, subscriptions, unit, ...surroundings }) {
    assertRange(query);
    const calendar = createCalendar(query.timezone ?? surroundings.timeZone);
    const nowMs = now();
    const today = calendar.dayOf(nowMs);
    const recorded = listProviders(connection);
    const providers = query.provider ? [query.provider] : recorded;
    const read = (wish: Partial<PeriodQuery>, of: Provider | undefined) => {
      // The page lets choose a provider that nothing is recorded of yet.
      if (of !== undefined && !recorded.includes(of)) return null;
      return readReport(connection, { ...toFilter(query), nowMs, provider: of, unit, ...wish }, calendar);
    };
    const { period: kind, since, until, last } = query;
    const range = resolveRange({ kind, since, until, last, firstWeekday: MONDAY }, today);
    const yesterday = { since: today - 1, until: today - 1 };
    const before = daysBefore(range, today);
    const budgets = readBudgets(connection, query.project, calendar, nowMs);
    const plans = listPlans(subscriptions, today, query.provider);
    const used = plans.filter((plan) => providers.includes(plan.provider));
    const groups = [undefined, ...providers].map((of) => ({
      provider: of ?? null,
      // With one provider all of it is that provider's.
      range: read({ kind, since, until, last }, of ?? query.provider),
      today: read({ kind: 'daily', since: today, until: today }, of ?? query.provider),
      month: read({ kind: 'monthly', since: startOfMonth(today), unit: 'usd' }, of ?? query.provider),
    }));
    return {
      schemaVersion: SCHEMA_VERSION,
      kind: 'usage',
      timeZone: calendar.timeZone,
      today: formatDay(today),
      groups: groups.map(({ provider: of, ...reports }) => ({
        provider: of,
        range: reports.range && toPeriodJson(reports.range),
        today: reports.today && toPeriodJson(reports.today),
        month: reports.month && toPeriodJson(reports.month),
      })),
      before: before && toTotals(before, read({ kind: 'daily', ...before, unit: 'usd' }, query.provider)),
      yesterday: toTotals(yesterday, read({ kind: 'daily', ...yesterday, unit: 'usd' }, query.provider)),
      budgets,
      dayBudget: budgets.find(({ scope }) => scope === 'day') ?? null,
      calendar: providers.flatMap((of) => {
        const report = read({ kind: 'daily', since: today - CALENDAR_DAYS, until: today, unit: 'usd' }, of);
        return (report?.days ?? []).map(({ day: date, figures }) => ({
          date: formatDay(date),
          provider: of,
          costUsd: figures.costNanoUsd === undefined ? null : figures.costNanoUsd / 1e9,
          totalTokens: figures.usage.input + figures.usage.output,
        }));
      }),
      subscriptions: plans.map(({ begunOn: _begunOn, ...plan }) => plan),
      returns: listReturns(used, today, (of, from) => read({ kind: 'monthly', since: from }, of)),
      rateLimits: listLimits(connection, nowMs, query.provider),
    };
  },
};

/** As many days as `range` has, up to today, just before it; null where it has no beginning. */
function daysBefore({ since, until }: DayRange, today: Day): { since: Day; until: Day } | null {
  if (since === undefined) return null;
  const length = Math.min(until ?? today, today) - since + 1;
  return length < 1 ? null : { since: since - length, until: since - 1 };
}

function toTotals({ since, until }: { since: Day; until: Day }, report: PeriodReport | null) {
  return { since: formatDay(since), until: formatDay(until), totals: report && toSumsJson(report.totals) };
}

/**
 * Reads for a project's day, week and month the limit that is used up the most. The newest invocation that ran under one in
 * that time says which holds for its project. Amounts are nano-USD or tokens.
 */
function readBudgets(connection: Connection, projectId: string | undefined, calendar: Calendar, nowMs: number) {
  return BUDGET_SCOPES.filter(isBudgetPeriod).flatMap((scope) => {
    const rows = readLimits(connection, projectId, findPeriod(calendar, scope, nowMs).startMs)
      .map(({ limits, ...row }) => ({ ...row, limits: limits.filter((limit) => limit.scope === scope) }))
      .filter(({ limits }) => limits.length > 0);
    const levels = [...groupBy(rows, (row) => row.projectId)].flatMap(([project, [newest]]) => {
      return (newest?.limits ?? []).map((limit) => {
        const { amount: spent } = readLevel(connection, limit, {
          projectId: project,
          runId: undefined,
          calendar,
          nowMs,
        });
        return { projectId: project, ...limit, spent };
      });
    });
    return levels.sort((one, other) => other.spent / other.amount - one.spent / one.amount).slice(0, 1);
  });
}

function toFilter({
  project,
  model,
  ...query
}: UsageQuery): Pick<PeriodQuery, 'projectId' | 'model' | 'tags' | 'firstWeekday' | 'kind'> {
  return { projectId: project, model, tags: toWantedTags(query), firstWeekday: MONDAY, kind: 'daily' };
}

function listLimits(connection: Connection, nowMs: number, of: Provider | undefined) {
  const windows = describeLimits(readRateLimits(connection), nowMs);
  return windows
    .filter((window) => of === undefined || window.provider === of)
    .map(({ leftPercent, resetsAtMs, observedAtMs, ...window }) => ({
      ...window,
      leftPercent: leftPercent ?? null,
      resetsAt: toIso(resetsAtMs),
      observedAt: toIso(observedAtMs),
    }));
}

/** Those that anything is recorded of, in the order of PROVIDERS. */
function listProviders(connection: Connection): Provider[] {
  const recorded = listNames(connection, 'provider');
  return PROVIDERS.filter((one) => recorded.includes(one));
}

/** Null where nothing was used: on a page that is a fact, not an error. A name that is not known is one. */
export function readReport(connection: Connection, query: PeriodQuery, calendar: Calendar) {
  try {
    return readPeriodReport(connection, query, calendar);
  } catch (error) {
    if (error instanceof ReportError && error.kind !== 'unknown') return null;
    throw error;
  }
}

export function assertRange({ since, until, last }: Pick<UsageQuery, 'since' | 'until' | 'last'>): void {
  if (since !== undefined && last !== undefined) {
    throw new ParameterError('"since" and "last" both say where to begin: use one.');
  }
  if (since !== undefined && until !== undefined && since > until) {
    throw new ParameterError('"since" is after "until": there is no day between them.');
  }
}
