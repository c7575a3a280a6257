import type { ComponentChildren } from 'preact';
import type { Sums } from '../../answers.js';
import {
  chooseUsdDigits,
  formatChange,
  formatCompact,
  formatCount,
  formatDatedDay,
  formatHours,
  formatMonth,
  formatShare,
  formatUsd,
  type UsdDigits,
} from '../../format.js';
import { Bar, CachedShare, Cost, Credits, None, ProviderName, Usd } from '../../parts/figures.jsx';
import { Stat } from '../../parts/layout.jsx';
import type { DaySums, PeriodReport, Usage, UsageGroup } from '../../usage-answers.js';
import { describeBudget } from '../running.jsx';

interface SummaryProps {
  readonly usage: Usage;
  readonly all: UsageGroup;
  /** One per provider. */
  readonly each: readonly UsageGroup[];
}

/** The figures that are looked at first: together, and of each provider where there are several. */
export function Summary({ usage: { today, before, yesterday, budgets }, all, each }: SummaryProps) {
  const showBudgets = (ofDay: boolean) =>
    budgets
      .filter(({ scope }) => (scope === 'day') === ofDay)
      .map((budget) => <BudgetBar key={budget.scope} of={budget} />);
  const longBudgets = budgets.filter(({ scope }) => scope !== 'day');
  const { range, today: ofToday } = all;
  return (
    <dl class="stats">
      <Stat
        label="Spent in these days"
        details={
          <>
            {before && <Against now={range?.totals} then={before} name="Before" />}
            <SplitCost groups={each} report="range" />
          </>
        }
      >
        <CostOf report={range} />
      </Stat>
      <Stat
        label="Today"
        details={
          <>
            {showBudgets(true)}
            <Against now={undefined} then={yesterday} name="Yesterday" />
            <SplitCost groups={each} report="today" />
          </>
        }
      >
        <CostOf report={ofToday} />
      </Stat>
      {longBudgets.length > 0 && (
        <Stat
          label={`Budget of the ${longBudgets.map(({ scope }) => scope).join(' and the ')}`}
          details={showBudgets(false)}
        >
          {longBudgets.map(({ spent, amount }) => formatShare(spent / amount)).join(' · ')}
        </Stat>
      )}
      {range?.credits && (
        <Stat label="Credits of a ChatGPT plan (unconfirmed)" details={<CreditsToday report={ofToday} />}>
          <Credits of={range.totals} asOf={range.credits.asOf} />
        </Stat>
      )}
      <UsdStat
        label={`Per active day${range ? ` (${formatCount(range.pace.activeDayCount)})` : ''}`}
        {...{ all, each }}
        read={(group) => group.range?.pace.costPerActiveDayUsd}
      />
      <UsdStat
        label={`Per hour today${ofToday ? ` (${formatHours(ofToday.pace.activeHours)})` : ''}`}
        {...{ all, each }}
        read={(group) => group.today?.pace.costPerActiveHourUsd}
      />
      <UsdStat
        label={`${formatMonth(today.slice(0, 7))}, forecast`}
        {...{ all, each }}
        read={(group) => group.month?.forecast?.forecastUsd}
      />
      <Stat label="Cached share of input" details={<Split groups={each} show={(group) => <Cached of={group} />} />}>
        <Cached of={all} />
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
        {change !== undefined && <span class="faint"> ({formatChange(change, formatShare)})</span>}
      </span>
    </p>
  );
}

/** What is used of the budget of a project's day, week or month. */
function BudgetBar({ of }: { readonly of: Usage['budgets'][number] }) {
  const amount = of.unit === 'usd' ? formatUsd(of.amount / 1e9) : `${formatCompact(of.amount)} tokens`;
  return (
    <div title={`In the ${of.scope} of the project ${of.projectId}: ${describeBudget(of)}`}>
      <Bar
        part={of.spent / of.amount}
        label={`Part of the ${of.scope}'s budget of ${of.projectId} that is used`}
        isHigh={of.spent >= 0.8 * of.amount}
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
      <li>Today {report?.credits ? <Credits of={report.totals} asOf={report.credits.asOf} /> : <None />}</li>
    </ul>
  );
}

interface UsdStatProps extends Pick<SummaryProps, 'all' | 'each'> {
  readonly label: string;
  readonly read: (group: UsageGroup) => number | null | undefined;
}

function UsdStat({ label, all, each, read }: UsdStatProps) {
  const digits = chooseUsdDigits(each.map((group) => read(group) ?? null));
  const show = (group: UsageGroup) => <Usd usd={read(group) ?? null} digits={digits} />;
  return (
    <Stat label={label} details={<Split groups={each} show={show} />}>
      <Usd usd={read(all) ?? null} />
    </Stat>
  );
}

interface SplitCostProps {
  readonly groups: readonly UsageGroup[];
  readonly report: 'range' | 'today';
}

function SplitCost({ groups, report }: SplitCostProps) {
  const digits = chooseUsdDigits(groups.map((group) => group[report]?.totals.costUsd ?? null));
  return <Split groups={groups} show={(group) => <CostOf report={group[report]} digits={digits} />} />;
}

interface SplitProps {
  readonly groups: readonly UsageGroup[];
  readonly show: (group: UsageGroup) => ComponentChildren;
}

/** A figure of each provider, where there are several. */
function Split({ groups, show }: SplitProps) {
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
  return report ? <Cost of={report.totals} digits={digits} /> : <None />;
}

function Cached({ of: { range } }: { readonly of: UsageGroup }) {
  return range ? <CachedShare of={range.totals} /> : <None />;
}
