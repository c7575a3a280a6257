import type { BudgetLevel, Provider, Sums } from './answers.js';
import type { Period } from './periods.js';

/** A period's row: `date`, `week` or `month` names it. */
export interface PeriodEntry extends Sums {
  readonly date?: string;
  readonly week?: string;
  readonly month?: string;
  readonly modelNames: readonly string[];
}

/** The list of entries has the name of its period. */
export interface PeriodReport extends Readonly<Partial<Record<Period, readonly PeriodEntry[]>>> {
  readonly since: string | null;
  readonly until: string | null;
  readonly totals: Sums & { readonly modelNames: readonly string[] };
  readonly pace: {
    readonly activeDayCount: number;
    readonly activeHours: number;
    readonly costPerActiveDayUsd: number | null;
    readonly costPerActiveHourUsd: number | null;
  };
  /** Where the settings ask for credits. */
  readonly credits?: { readonly asOf: string };
  readonly forecast: { readonly forecastUsd: number } | null;
}

/** What one provider used, or all that were asked for together. A report is null where nothing was used. */
export interface UsageGroup {
  /** Null: all of them. */
  readonly provider: Provider | null;
  readonly range: PeriodReport | null;
  readonly today: PeriodReport | null;
  readonly month: PeriodReport | null;
}

/** `totals` is null where nothing was used on these days. */
export interface DaySums {
  readonly since: string;
  readonly until: string;
  readonly totals: Sums | null;
}

export type Dimension = 'project' | 'phase' | 'model' | 'branch' | 'run';

/** What was used, split by project, phase, model, branch or run. */
export interface Breakdown {
  readonly by: Dimension;
  /** The dearest first. */
  readonly entries: readonly BreakdownEntry[];
  /** Of phases and runs: what no invocation is known to have caused. */
  readonly unmetered: Sums | null;
}

export interface BreakdownEntry extends Sums {
  /** Null for what has no branch. */
  readonly name: string | null;
  /** Of a run. */
  readonly projectId?: string;
  /** Of a model. */
  readonly provider?: Provider;
}

export interface CalendarDay {
  readonly date: string;
  readonly provider: Provider;
  readonly costUsd: number | null;
  readonly totalTokens: number;
}

export interface Usage {
  readonly today: string;
  readonly groups: readonly UsageGroup[];
  /** What the days before those that are asked for cost, as many of them; null where those have no beginning. */
  readonly before: DaySums | null;
  readonly yesterday: DaySums;
  /** For a project's day, week and month the limit that is used up the most. */
  readonly budgets: readonly (BudgetLevel & { readonly projectId: string; readonly scope: 'day' | 'week' | 'month' })[];
  readonly calendar: readonly CalendarDay[];
  readonly returns: readonly SubscriptionReturn[];
  readonly rateLimits: readonly RateLimit[];
}

/** What the subscriptions to a provider cost a month, and what their usage this month would have cost without them. */
export interface SubscriptionReturn {
  readonly provider: Provider;
  /** The day from which usage counts: the first of the month, or the one on which the first of them began. */
  readonly since: string;
  readonly priceUsd: number;
  readonly spentUsd: number;
  readonly forecastUsd: number | null;
}

export interface RateLimit {
  readonly provider: Provider;
  readonly limitId: string;
  /** `5h`, `week` */
  readonly name: string;
  readonly windowMinutes: number;
  /** Null: the window began anew, and nobody has said since what is used of it. */
  readonly leftPercent: number | null;
  readonly resetsAt: string | null;
  readonly observedAt: string;
}
