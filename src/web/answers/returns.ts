import { AGENT_IDS, AGENTS } from '../../agents/registry.js';
import { type Day, formatDay, parseDay, startOfMonth } from '../../report/calendar.js';
import type { PeriodReport } from '../../report/period-report.js';
import { PROVIDERS, type Provider } from '../../usage/provider.js';
import type { Subscription } from '../answers.js';

/** A subscription that is paid for today. It has its price since `since`, and began on `begunOn`, maybe at another price. */
export interface Plan extends Subscription {
  readonly provider: Provider;
  /** A day, `YYYY-MM-DD`. */
  readonly begunOn: string;
}

/** What the subscriptions to one provider cost a month, and what their usage in this month would have cost without them. */
export interface SubscriptionReturn {
  readonly provider: Provider;
  /** The day from which usage counts, `YYYY-MM-DD`: the first of the month, or the day on which the first of them began. */
  readonly since: string;
  readonly priceUsd: number;
  readonly spentUsd: number;
  /** Null where there is nothing to forecast from. */
  readonly forecastUsd: number | null;
}

/** Whose usage a subscription pays for, by what the configuration may call who sells it. */
const PAID: Readonly<Record<string, Provider>> = Object.fromEntries(
  AGENT_IDS.flatMap((id) => AGENTS[id].sellers.map((seller) => [seller, id])),
);

/** The plans that hold on `today`: a later one of the same name goes on from the earlier one at another price. */
export function listPlans(subscriptions: readonly Subscription[], today: Day, of: Provider | undefined): Plan[] {
  const day = formatDay(today);
  const begun = subscriptions.filter(({ since }) => since <= day).sort((a, b) => (a.since < b.since ? -1 : 1));
  const plans = new Map<string, Plan>();
  for (const { provider: seller, name, usdPerMonth, since } of begun) {
    const provider = PAID[seller.toLowerCase()];
    if (!provider || (of !== undefined && provider !== of)) continue;
    const key = `${seller} ${name}`;
    plans.set(key, { provider, name, usdPerMonth, since, begunOn: plans.get(key)?.begunOn ?? since });
  }
  return [...plans.values()];
}

/**
 * What `plans` return in the month of `today`. `readMonth` gives the report on a provider's usage from a day of this month
 * on, null where there is none. What was used before the first of a provider's plans began is no return on any of them.
 */
export function listReturns(
  plans: readonly Plan[],
  today: Day,
  readMonth: (provider: Provider, since: Day) => PeriodReport | null,
): SubscriptionReturn[] {
  return PROVIDERS.flatMap((provider) => {
    const paid = plans.filter((plan) => plan.provider === provider);
    const priceUsd = paid.reduce((total, { usdPerMonth }) => total + usdPerMonth, 0);
    if (priceUsd <= 0) return [];
    const begun = paid.map(({ begunOn }) => parseDay(begunOn) ?? today);
    const since = Math.max(startOfMonth(today), Math.min(...begun));
    const report = readMonth(provider, since);
    const spentNanoUsd = report?.totals.costNanoUsd ?? 0;
    const { forecast } = report ?? {};
    // The forecast is of the whole month: what was spent of it before the plan is taken off.
    const forecastNanoUsd = forecast && forecast.forecastNanoUsd - forecast.spentNanoUsd + spentNanoUsd;
    const forecastUsd = forecastNanoUsd === undefined ? null : forecastNanoUsd / 1e9;
    return [{ provider, since: formatDay(since), priceUsd, spentUsd: spentNanoUsd / 1e9, forecastUsd }];
  });
}
