import { formatDistance, formatMinute, formatShare } from '../../format.js';
import { useNow } from '../../live.js';
import { ProviderName } from '../../parts/figures.jsx';
import { Panel } from '../../parts/panel.jsx';
import type { RateLimit } from '../../usage-answers.js';

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
      <progress max={1} value={left ?? 1} aria-label={`${title}: part that is left`} />
      <p class="hint">
        {resetsAt && (
          <>
            {isOver ? 'was reset' : 'resets'} {formatDistance(resetsAt, now)}, {formatMinute(resetsAt)} ·{' '}
          </>
        )}
        reported {formatDistance(observedAt, now)}
      </p>
    </li>
  );
}
