import type { ComponentChildren } from 'preact';
import { formatCount, formatHours, formatMonth } from '../../format.js';
import { CachedShare, Cost, Credits, ProviderName, Usd } from '../../parts/figures.jsx';
import { Stat } from '../../parts/panel.jsx';
import type { PeriodReport, UsageGroup } from '../../usage-answers.js';

interface SummaryProps {
  readonly all: UsageGroup;
  /** One per provider. */
  readonly each: readonly UsageGroup[];
  readonly today: string;
}

/** The figures that are looked at first: together, and of each provider where there are several. */
export function Summary({ all, each, today }: SummaryProps) {
  const pace = all.range?.pace;
  const todayPace = all.today?.pace;
  const split = (show: (group: UsageGroup) => ComponentChildren) => <Split groups={each} show={show} />;
  return (
    <dl class="stats">
      <Stat label="Spent in these days" details={split(({ range }) => <CostOf report={range} />)}>
        <CostOf report={all.range} />
      </Stat>
      <Stat label="Today" details={split((group) => <CostOf report={group.today} />)}>
        <CostOf report={all.today} />
      </Stat>
      {all.range?.credits && (
        <Stat label="Credits of a ChatGPT plan (unconfirmed)" details={<CreditsToday report={all.today} />}>
          <Credits of={all.range.totals} asOf={all.range.credits.asOf} />
        </Stat>
      )}
      <Stat
        label={`Per active day${pace ? ` (${formatCount(pace.activeDayCount)})` : ''}`}
        details={split(({ range }) => <Usd usd={range?.pace.costPerActiveDayUsd ?? null} />)}
      >
        <Usd usd={pace?.costPerActiveDayUsd ?? null} />
      </Stat>
      <Stat
        label={`Per hour today${todayPace ? ` (${formatHours(todayPace.activeHours)})` : ''}`}
        details={split((group) => <Usd usd={group.today?.pace.costPerActiveHourUsd ?? null} />)}
      >
        <Usd usd={todayPace?.costPerActiveHourUsd ?? null} />
      </Stat>
      <Stat
        label={`${formatMonth(today.slice(0, 7))}, forecast`}
        details={split(({ month }) => <Usd usd={month?.forecast?.forecastUsd ?? null} />)}
      >
        <Usd usd={all.month?.forecast?.forecastUsd ?? null} />
      </Stat>
      <Stat
        label="Cached share of input"
        details={split(({ range }) => (range ? <CachedShare of={range.totals} /> : <span class="faint">–</span>))}
      >
        {all.range ? <CachedShare of={all.range.totals} /> : <span class="faint">–</span>}
      </Stat>
    </dl>
  );
}

function CreditsToday({ report }: { readonly report: PeriodReport | null }) {
  return (
    <ul>
      <li>
        Today{' '}
        {report?.credits ? <Credits of={report.totals} asOf={report.credits.asOf} /> : <span class="faint">–</span>}
      </li>
    </ul>
  );
}

function Split({
  groups,
  show,
}: {
  readonly groups: readonly UsageGroup[];
  readonly show: (group: UsageGroup) => ComponentChildren;
}) {
  if (groups.length < 2) return null;
  return (
    <ul>
      {groups.map((group) => (
        <li key={group.provider}>
          {group.provider && <ProviderName provider={group.provider} />} {show(group)}
        </li>
      ))}
    </ul>
  );
}

function CostOf({ report }: { readonly report: PeriodReport | null }) {
  return report ? <Cost of={report.totals} /> : <span class="faint">–</span>;
}
