import { useNow } from '../../ask.js';
import { formatDistance, formatFactor, formatMinute, formatMonth, formatShare } from '../../format.js';
import { Bar, ProviderName, Usd } from '../../parts/figures.jsx';
import { Panel } from '../../parts/layout.jsx';
import type { RateLimit, SubscriptionReturn, Usage } from '../../usage-answers.js';

/** Of all subscriptions together `provider` is null, and so is `since`, which they need not have in common. */
type Return = Omit<SubscriptionReturn, 'provider' | 'since'> & {
  readonly [Name in 'provider' | 'since']: SubscriptionReturn[Name] | null;
};

/** What this month would have cost at the API's prices, against what the subscriptions cost. */
export function Returns({ usage }: { readonly usage: Usage }) {
  return (
    <Panel title="Return on subscriptions" hint={`${formatMonth(usage.today.slice(0, 7))}, at the API's prices`}>
      <ul class="returns">
        {listReturns(usage).map((one) => (
          <ReturnItem key={one.provider} of={one} />
        ))}
      </ul>
    </Panel>
  );
}

function ReturnItem({ of: { provider, since, priceUsd, spentUsd, forecastUsd } }: { readonly of: Return }) {
  const factor = spentUsd / priceUsd;
  return (
    <li>
      <div class="return-head">
        {provider ? <ProviderName provider={provider} /> : <strong>Together</strong>}
        <strong class="return-factor">
          <data value={factor}>{formatFactor(factor)}</data>
        </strong>
      </div>
      <Bar part={factor} label={`${provider ?? 'Together'}: part of the price that is used`} />
      <p class="hint">
        <Usd usd={spentUsd} /> used{since && !since.endsWith('-01') && ` since ${since}`} of <Usd usd={priceUsd} /> paid
        {forecastUsd !== null && (
          <>
            {' '}
            · forecast <Usd usd={forecastUsd} /> ({formatFactor(forecastUsd / priceUsd)})
          </>
        )}
      </p>
    </li>
  );
}

function listReturns({ returns }: Usage): readonly Return[] {
  if (returns.length < 2) return returns;
  const sum = (read: (one: Return) => number | null) => returns.reduce((total, one) => total + (read(one) ?? 0), 0);
  const together: Return = {
    provider: null,
    since: null,
    priceUsd: sum(({ priceUsd }) => priceUsd),
    spentUsd: sum(({ spentUsd }) => spentUsd),
    forecastUsd: returns.some((one) => one.forecastUsd === null) ? null : sum(({ forecastUsd }) => forecastUsd),
  };
  return [...returns, together];
}

/** What is left of each rate limit's window, as the provider last reported it. */
export function Limits({ limits }: { readonly limits: readonly RateLimit[] }) {
  const now = useNow(limits.length > 0);
  return (
    <Panel title="Rate limits" hint="What is left of each window, as last reported.">
      <ul class="returns">
        {limits.map((limit) => (
          <LimitItem key={`${limit.provider} ${limit.limitId} ${limit.windowMinutes}`} limit={limit} now={now} />
        ))}
      </ul>
    </Panel>
  );
}

function LimitItem({ limit, now }: { readonly limit: RateLimit; readonly now: number }) {
  const { provider, limitId, name, leftPercent, resetsAt, observedAt } = limit;
  const isOver = resetsAt !== null && Date.parse(resetsAt) <= now;
  const left = leftPercent === null || isOver ? undefined : leftPercent / 100;
  const title = limitId === provider ? name : `${limitId} ${name}`;
  return (
    <li>
      <div class="return-head">
        <span>
          <ProviderName provider={provider} /> <span class="limit-name">{title}</span>
        </span>
        <strong>{left === undefined ? 'begun anew' : <data value={left}>{formatShare(left)} left</data>}</strong>
      </div>
      <Bar part={left ?? 1} label={`${title}: part that is left`} />
      <p class="hint">
        {resetsAt &&
          `${isOver ? 'was reset' : 'resets'} ${formatDistance(resetsAt, now)}, ${formatMinute(resetsAt)} · `}
        reported {formatDistance(observedAt, now)}
      </p>
    </li>
  );
}
