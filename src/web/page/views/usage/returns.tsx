import type { Provider } from '../../answers.js';
import { formatFactor, formatMonth } from '../../format.js';
import { ProviderName, Usd } from '../../parts/figures.jsx';
import { Panel } from '../../parts/panel.jsx';
import type { SubscriptionReturn, Usage } from '../../usage-answers.js';

/** Of all of them together `provider` is null, and so is `since`, which they need not have in common. */
type Return = Omit<SubscriptionReturn, 'provider' | 'since'> & {
  readonly provider: Provider | null;
  readonly since: string | null;
};

/** What this month would have cost at the API's prices, against what the subscriptions cost. */
export function Returns({ usage }: { readonly usage: Usage }) {
  const returns = listReturns(usage);
  return (
    <Panel title="Return on subscriptions" hint={`${formatMonth(usage.today.slice(0, 7))}, at the API's prices`}>
      <ul class="returns">
        {returns.map((one) => (
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
      <progress
        max={1}
        value={Math.min(1, factor)}
        aria-label={`${provider ?? 'Together'}: part of the price that is used`}
      />
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

function listReturns({ returns }: Usage): Return[] {
  if (returns.length < 2) return [...returns];
  const sum = (read: (one: Return) => number) => returns.reduce((total, one) => total + read(one), 0);
  const forecasts = returns.every(({ forecastUsd }) => forecastUsd !== null);
  return [
    ...returns,
    {
      provider: null,
      since: null,
      priceUsd: sum(({ priceUsd }) => priceUsd),
      spentUsd: sum(({ spentUsd }) => spentUsd),
      forecastUsd: forecasts ? sum(({ forecastUsd }) => forecastUsd ?? 0) : null,
    },
  ];
}
