import type { ComponentChildren } from 'preact';
import type { Sums } from '../../answers.js';
import {
  chooseUsdDigits,
  formatCompact,
  formatCount,
  formatDatedDay,
  formatHours,
  formatMonth,
  formatShare,
  formatUsd,
  type UsdDigits,
} from '../../format.js';
import { CachedShare, Cost, Credits, ProviderName, Usd } from '../../parts/figures.jsx';
import { Stat } from '../../parts/panel.jsx';
import type { DaySums, PeriodReport, Usage, UsageGroup } from '../../usage-answers.js';
import { describeBudget } from '../running.jsx';

interface SummaryProps {
  readonly usage: Usage;
  readonly all: UsageGroup;
  /** One per provider. */
  readonly each: readonly UsageGroup[];
}

type Show = (group: UsageGroup, digits: UsdDigits) => ComponentChildren;

/** The figures that are looked at first: together, and of each provider where there are several. */
export function Summary({ usage: { today, before, yesterday, budgets }, all, each }: SummaryProps) {
  const longBudgets = budgets.filter(({ scope }) => scope !== 'day');
  const pace = all.range?.pace;
  const todayPace = all.today?.pace;
  const split = (usd: (group: UsageGroup) => number | null | undefined, show: Show) => {
    const digits = chooseUsdDigits(each.map((group) => usd(group) ?? null));
    return <Split groups={each} show={(group) => show(group, digits)} />;
  };
  const splitUsd = (usd: (group: UsageGroup) => number | null | undefined) => {
    return split(usd, (group, digits) => <Usd usd={usd(group) ?? null} digits={digits} />);
  };
  const splitCost = (read: (group: UsageGroup) => PeriodReport | null) => {
    const show: Show = (group, digits) => <CostOf report={read(group)} digits={digits} />;
    return split((group) => read(group)?.totals.costUsd, show);
  };
  return (
    <dl class="stats">
      <Stat
        label="Spent in these days"
        details={
          <>
            {before && <Against now={all.range?.totals} then={before} name="Before" />}
            {splitCost(({ range }) => range)}
          </>
        }
      >
        <CostOf report={all.range} />
      </Stat>
      <Stat
        label="Today"
        details={
          <>
            {budgets
              .filter(({ scope }) => scope === 'day')
              .map((budget) => (
                <BudgetBar key={budget.scope} of={budget} />
              ))}
            <Against now={undefined} then={yesterday} name="Yesterday" />
            {splitCost((group) => group.today)}
          </>
        }
      >
        <CostOf report={all.today} />
      </Stat>
      {longBudgets.length > 0 && (
        <Stat
          label={`Budget of the ${longBudgets.map(({ scope }) => scope).join(' and the ')}`}
          details={longBudgets.map((budget) => <BudgetBar key={budget.scope} of={budget} />)}
        >
          {longBudgets.map(({ spent, amount }) => formatShare(spent / amount)).join(' · ')}
        </Stat>
      )}
      {all.range?.credits && (
        <Stat label="Credits of a ChatGPT plan (unconfirmed)" details={<CreditsToday report={all.today} />}>
          <Credits of={all.range.totals} asOf={all.range.credits.asOf} />
        </Stat>
      )}
      <Stat
        label={`Per active day${pace ? ` (${formatCount(pace.activeDayCount)})` : ''}`}
        details={splitUsd(({ range }) => range?.pace.costPerActiveDayUsd)}
      >
        <Usd usd={pace?.costPerActiveDayUsd ?? null} />
      </Stat>
      <Stat
        label={`Per hour today${todayPace ? ` (${formatHours(todayPace.activeHours)})` : ''}`}
        details={splitUsd((group) => group.today?.pace.costPerActiveHourUsd)}
      >
        <Usd usd={todayPace?.costPerActiveHourUsd ?? null} />
      </Stat>
      <Stat
        label={`${formatMonth(today.slice(0, 7))}, forecast`}
        details={splitUsd(({ month }) => month?.forecast?.forecastUsd)}
      >
        <Usd usd={all.month?.forecast?.forecastUsd ?? null} />
      </Stat>
      <Stat
        label="Cached share of input"
        details={
          <Split
            groups={each}
            show={({ range }) => (range ? <CachedShare of={range.totals} /> : <span class="faint">–</span>)}
          />
        }
      >
        {all.range ? <CachedShare of={all.range.totals} /> : <span class="faint">–</span>}
      </Stat>
    </dl>
  );
}

interface AgainstProps {
  /** Undefined: only what was spent then is shown, because the day that it is compared with is not over. */
  readonly now: Sums | undefined;
  readonly then: DaySums;
  readonly name: string;
}

/** `The days before $120.40, now +12%` */
function Against({ now, then: { since, until, totals }, name }: AgainstProps) {
  const days = since === until ? formatDatedDay(since) : `${formatDatedDay(since)} to ${formatDatedDay(until)}`;
  const change = now?.costUsd && totals?.costUsd ? now.costUsd / totals.costUsd - 1 : undefined;
  return (
    <p class="stat-line" title={days}>
      <span>{name}</span>
      <span>
        {totals ? <Cost of={totals} /> : <span class="faint">nothing</span>}
        {change !== undefined && (
          <span class="faint">
            {' '}
            ({change > 0 ? '+' : change < 0 ? '−' : ''}
            {formatShare(Math.abs(change))})
          </span>
        )}
      </span>
    </p>
  );
}

type PeriodBudget = Usage['budgets'][number];

/** What is used of the budget of a project's day, week or month. */
function BudgetBar({ of }: { readonly of: PeriodBudget }) {
  const amount = of.unit === 'usd' ? formatUsd(of.amount / 1e9) : `${formatCompact(of.amount)} tokens`;
  return (
    <div title={`In the ${of.scope} of the project ${of.projectId}: ${describeBudget(of)}`}>
      <progress
        class={of.spent >= 0.8 * of.amount ? 'progress-high' : ''}
        max={1}
        value={Math.min(1, of.spent / of.amount)}
        aria-label={`Part of the ${of.scope}'s budget of ${of.projectId} that is used`}
      />
      <p class="stat-line">
        <span>
          {of.scope === 'day' ? 'Budget' : of.scope === 'week' ? 'Week' : 'Month'} {of.projectId}
        </span>
        <span>
          {formatShare(of.spent / of.amount)} of {amount}
        </span>
      </p>
    </div>
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

function CostOf({ report, digits }: { readonly report: PeriodReport | null; readonly digits?: UsdDigits }) {
  return report ? <Cost of={report.totals} digits={digits} /> : <span class="faint">–</span>;
}
