import { describe, expect, it } from 'vitest';
import type { SubscriptionReturn } from '../../src/web/answers/returns.js';
import { usageQuestion } from '../../src/web/answers/usage.js';
import type { Subscription } from '../../src/web/answers.js';
import { createStore, sampleInvocation, sampleResponse } from '../store/samples.js';

const NOW = Date.parse('2026-03-20T12:00Z');
const DAYS = ['2026-02-27', '2026-03-02', '2026-03-14', '2026-03-15', '2026-03-19'];
const QUERY = { ...{ provider: undefined, project: undefined, model: undefined }, since: undefined, until: undefined };

/** What the answer says of `subscriptions`, where Codex cost $1, 2, 4, 8 and 16 on the days of DAYS. */
function readReturns(subscriptions: readonly Subscription[]): readonly SubscriptionReturn[] {
  const store = createStore();
  const responses = DAYS.map((day, index) => {
    return sampleResponse(day, { completedAtMs: Date.parse(`${day}T12:00Z`), costNanoUsd: 2 ** index * 1e9 });
  });
  store.record({ invocation: sampleInvocation('a'), responses });
  const answer = usageQuestion.answer(
    store.connection,
    { ...QUERY, period: 'daily', last: undefined, timezone: 'UTC' },
    { version: '0', database: store.path, subscriptions, timeZone: 'UTC', unit: 'usd', now: () => NOW },
  );
  return (answer as { returns: readonly SubscriptionReturn[] }).returns;
}

const plan = (since: string, more: Partial<Subscription> = {}): Subscription => {
  return { provider: 'openai', name: 'Pro', usdPerMonth: 200, since, ...more };
};

describe('the return on a subscription', () => {
  it('is of the whole month where the subscription is older', () => {
    expect(readReturns([plan('2026-01-01')])).toMatchObject([
      { provider: 'codex', since: '2026-03-01', priceUsd: 200, spentUsd: 30 },
    ]);
  });

  it('begins when the subscription did: what was used before is none, and is not forecast either', () => {
    const [older] = readReturns([plan('2026-01-01')]);
    const [younger] = readReturns([plan('2026-03-15')]);
    expect(younger).toMatchObject({ since: '2026-03-15', priceUsd: 200, spentUsd: 24 });
    expect(younger?.forecastUsd).toBeCloseTo((older?.forecastUsd ?? 0) - 6, 9);
    expect(readReturns([plan('2026-03-20')])).toMatchObject([{ since: '2026-03-20', spentUsd: 0 }]);
  });

  it('goes on where the same subscription has another price, and begins with the first of several', () => {
    const dearer = plan('2026-03-15', { usdPerMonth: 400 });
    expect(readReturns([plan('2026-01-01'), dearer])).toMatchObject([
      { since: '2026-03-01', priceUsd: 400, spentUsd: 30 },
    ]);
    const second = plan('2026-03-15', { name: 'Team', usdPerMonth: 30 });
    expect(readReturns([plan('2026-03-14'), second])).toMatchObject([
      { since: '2026-03-14', priceUsd: 230, spentUsd: 28 },
    ]);
  });

  it('is told of no subscription that begins later, or is to what was never used', () => {
    expect(readReturns([plan('2026-03-21'), plan('2026-01-01', { provider: 'anthropic' })])).toEqual([]);
  });
});
