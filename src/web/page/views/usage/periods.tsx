import { addressBehind, type Filter, goTo } from '../../address.js';
import { type Bar, drawBars } from '../../charts/bars.js';
import { Chart } from '../../charts/chart.jsx';
import { formatDatedDay, formatDay, formatFullDay, formatMonth, formatShortMonth } from '../../format.js';
import { PROVIDER_NAMES } from '../../names.js';
import { costColumn, partCostColumn, sumColumns } from '../../parts/columns.jsx';
import { Empty, Link, Panel } from '../../parts/layout.jsx';
import { type Column, Table } from '../../parts/table.jsx';
import { entriesOf, keyOf, lastDayOf, listKeys, PERIODS, type Period } from '../../periods.js';
import type { PeriodEntry, UsageGroup } from '../../usage-answers.js';
import type { Span } from './span.jsx';

interface BarsProps {
  readonly all: UsageGroup;
  readonly each: readonly UsageGroup[];
  readonly period: Period;
  readonly today: string;
  /** The provider and the project that the view is of. */
  readonly filter: Filter;
}

interface PeriodsProps extends BarsProps {
  readonly span: Span;
}

/** Bars of what each day, week or month cost; each leads to its sessions. */
export function Bars({ all, each, period, today, filter }: BarsProps) {
  const { title } = PERIODS[period];
  const entries = entriesOf(all, period);
  if (!all.range || entries.length === 0) {
    return (
      <Panel title={title}>
        <Empty title="Nothing was used in these days">
          Choose other days above: the calendar shows where there is something.
        </Empty>
      </Panel>
    );
  }
  const providers = each.flatMap(({ provider, range }) => (provider && range ? [provider] : []));
  const bars = listBars(each, entries, period, today);
  return (
    <Panel title={title}>
      <Chart
        label={`${title}: bars of the cost, stacked by provider. The same figures are in the table below.`}
        height={240}
        of={all}
        draw={(frame) => drawBars(bars, providers, frame)}
        onPick={(index) => {
          const key = bars[index]?.key;
          if (key !== undefined) goTo(addressOfPeriod(key, period, filter));
        }}
      />
    </Panel>
  );
}

/** The numbers of each day, week or month. */
export function Periods({ all, each, period, span, filter }: PeriodsProps) {
  if (!all.range) return null;
  return (
    <Panel
      title={`${PERIODS[period].title}, in numbers`}
      hint={<Command period={period} span={span} filter={filter} />}
    >
      <Table
        name={`usage ${period}`}
        columns={columnsOf(each, period, filter)}
        rows={[...entriesOf(all, period)].reverse()}
        keyOf={keyOf}
        total={all.range.totals}
        first={14}
      />
    </Panel>
  );
}

function addressOfPeriod(key: string, period: Period, filter: Filter): string {
  const since = key.length === 'YYYY-MM'.length ? `${key}-01` : key;
  return addressBehind('/sessions', { ...filter, since, until: lastDayOf(key, period) });
}

/** The command that prints the same figures. */
function Command({ period, span, filter: { provider, project } }: Pick<PeriodsProps, 'period' | 'span' | 'filter'>) {
  const options = Object.entries({ ...span, provider, project }).filter(([, value]) => value !== undefined);
  return <code>{['codex-usage', period, ...options.map(([name, value]) => `--${name} ${value}`)].join(' ')}</code>;
}

function listBars(each: readonly UsageGroup[], entries: readonly PeriodEntry[], period: Period, today: string): Bar[] {
  const costs = each.map((group) => {
    const byKey = new Map(entriesOf(group, period).map((entry) => [keyOf(entry), entry.costUsd]));
    return { provider: group.provider, byKey };
  });
  return listKeys(entries.map(keyOf), period, today).map((key) => ({
    key,
    label: period === 'monthly' ? formatShortMonth(key) : formatDay(key),
    title: describeKey(key, period),
    costs: Object.fromEntries(
      costs.flatMap(({ provider, byKey }) => (byKey.has(key) ? [[provider, byKey.get(key)]] : [])),
    ),
  }));
}

function columnsOf(each: readonly UsageGroup[], period: Period, filter: Filter): Column<PeriodEntry>[] {
  return [
    {
      title: PERIODS[period].heading,
      value: keyOf,
      show: (entry) => {
        const key = keyOf(entry);
        return (
          <Link href={addressOfPeriod(key, period, filter)}>
            <time dateTime={key}>{period === 'monthly' ? formatMonth(key) : formatDatedDay(key)}</time>
          </Link>
        );
      },
    },
    costColumn(),
    ...(each.length < 2 ? [] : each.map((group) => providerColumn(group, period))),
    ...sumColumns<PeriodEntry>(),
    {
      title: 'Models',
      value: ({ modelNames }) => modelNames.join(' '),
      show: ({ modelNames: [first, ...others] }) => (
        <span title={[first, ...others].join(', ')}>
          {first}
          {others.length > 0 && <span class="faint"> +{others.length}</span>}
        </span>
      ),
    },
  ];
}

function providerColumn(group: UsageGroup, period: Period): Column<PeriodEntry> {
  const byKey = new Map(entriesOf(group, period).map((entry) => [keyOf(entry), entry]));
  // The total row has no key: its figures are the totals of the group.
  const find = (entry: PeriodEntry) => (keyOf(entry) === '' ? group.range?.totals : byKey.get(keyOf(entry)));
  return partCostColumn(group.provider ? PROVIDER_NAMES[group.provider] : 'All', find);
}

function describeKey(key: string, period: Period): string {
  if (period === 'monthly') return formatMonth(key);
  return period === 'weekly' ? `Week from ${formatDatedDay(key)}` : formatFullDay(key);
}
