import { goTo } from '../../address.js';
import type { Provider } from '../../answers.js';
import { type Bar, drawBars } from '../../charts/bars.js';
import { Chart } from '../../charts/chart.jsx';
import { addressBehind, type Filter } from '../../filters.js';
import { formatDatedDay, formatDay, formatFullDay, formatMonth, formatShortMonth } from '../../format.js';
import { sumColumns } from '../../parts/columns.jsx';
import { Cost } from '../../parts/figures.jsx';
import { Link } from '../../parts/link.jsx';
import { Empty, Panel } from '../../parts/panel.jsx';
import { type Column, Table } from '../../parts/table.jsx';
import { lastDayOf, listKeys, type Period } from '../../periods.js';
import { PROVIDER_NAMES } from '../../providers.js';
import type { PeriodEntry, UsageGroup } from '../../usage-answers.js';
import { entriesOf, type UsageFilter } from '../usage.jsx';
import type { Span } from './span.jsx';

interface BarsProps {
  readonly all: UsageGroup;
  readonly each: readonly UsageGroup[];
  readonly period: Period;
  readonly today: string;
  /** What the links lead to is of the same provider and project. */
  readonly behind: Filter;
}

interface PeriodsProps extends BarsProps {
  readonly span: Span;
  readonly filter: UsageFilter;
}

const TITLES: Readonly<Record<Period, string>> = {
  daily: 'Day by day',
  weekly: 'Week by week',
  monthly: 'Month by month',
};
const UNITS: Readonly<Record<Period, string>> = { daily: 'Day', weekly: 'Week from', monthly: 'Month' };

/** Bars of what each day, week or month cost; each leads to its sessions. */
export function Bars({ all, each, period, today, behind }: BarsProps) {
  const entries = entriesOf(all, period);
  if (!all.range || entries.length === 0) {
    return (
      <Panel title={TITLES[period]}>
        <Empty title="Nothing was used in these days">
          Choose other days above: the calendar shows where there is something.
        </Empty>
      </Panel>
    );
  }
  const providers = each.flatMap(({ provider, range }) => (provider && range ? [provider] : []));
  const bars = listBars(each, entries, period, today);
  return (
    <Panel title={TITLES[period]}>
      <Chart
        label={`${TITLES[period]}: bars of the cost, stacked by provider. The same figures are in the table below.`}
        height={240}
        of={all}
        draw={(frame) => drawBars(bars, providers, frame)}
        onPick={(index) => {
          const key = bars[index]?.key;
          if (key !== undefined) goTo(addressOfPeriod(key, period, behind));
        }}
      />
    </Panel>
  );
}

/** The numbers of each day, week or month. */
export function Periods({ all, each, period, span, filter, behind }: PeriodsProps) {
  if (!all.range) return null;
  return (
    <Panel title={`${TITLES[period]}, in numbers`} hint={<Command period={period} span={span} filter={filter} />}>
      <Table
        name={`usage ${period}`}
        columns={columnsOf(each, period, behind)}
        rows={[...entriesOf(all, period)].reverse()}
        keyOf={keyOf}
        total={all.range.totals}
        first={14}
      />
    </Panel>
  );
}

function addressOfPeriod(key: string, period: Period, behind: Filter): string {
  const since = key.length === 'YYYY-MM'.length ? `${key}-01` : key;
  return addressBehind('/sessions', { ...behind, since, until: lastDayOf(key, period) });
}

/** The command that prints the same figures. */
function Command({ period, span, filter }: Pick<PeriodsProps, 'period' | 'span' | 'filter'>) {
  const options = [
    span.last === undefined ? '' : `--last ${span.last}`,
    span.since === undefined ? '' : `--since ${span.since}`,
    span.until === undefined ? '' : `--until ${span.until}`,
    filter.provider === 'all' ? '' : `--provider ${filter.provider}`,
    filter.project === undefined ? '' : `--project ${filter.project}`,
  ];
  return <code>{['codex-usage', period, ...options].filter((part) => part !== '').join(' ')}</code>;
}

function listBars(each: readonly UsageGroup[], entries: readonly PeriodEntry[], period: Period, today: string): Bar[] {
  const costs = each.map(({ provider, ...group }) => ({
    provider,
    byKey: new Map(entriesOf({ provider, ...group }, period).map((entry) => [keyOf(entry), entry.costUsd])),
  }));
  return listKeys(entries.map(keyOf), period, today).map((key) => ({
    key,
    label: period === 'monthly' ? formatShortMonth(key) : formatDay(key),
    title: describeKey(key, period),
    costs: Object.fromEntries(
      costs.flatMap(({ provider, byKey }) => (provider && byKey.has(key) ? [[provider, byKey.get(key) ?? null]] : [])),
    ),
  }));
}

function columnsOf(each: readonly UsageGroup[], period: Period, behind: Filter): Column<PeriodEntry>[] {
  const [cost, ...sums] = sumColumns<PeriodEntry>();
  return [
    {
      key: 'period',
      title: UNITS[period],
      value: keyOf,
      show: (entry) => {
        const key = keyOf(entry);
        return (
          <Link href={addressOfPeriod(key, period, behind)}>
            <time dateTime={key}>{period === 'monthly' ? formatMonth(key) : formatDatedDay(key)}</time>
          </Link>
        );
      },
    },
    ...(cost ? [cost] : []),
    ...(each.length < 2
      ? []
      : each.flatMap((group) => (group.provider ? [providerColumn(group, group.provider, period)] : []))),
    ...sums,
    modelsColumn(),
  ];
}

function modelsColumn(): Column<PeriodEntry> {
  return {
    key: 'models',
    title: 'Models',
    value: ({ modelNames }) => modelNames?.join(' ') ?? null,
    show: ({ modelNames = [] }) => {
      const [first, ...others] = modelNames;
      return (
        <span title={modelNames.join(', ')}>
          {first}
          {others.length > 0 && <span class="faint"> +{others.length}</span>}
        </span>
      );
    },
  };
}

function providerColumn(group: UsageGroup, provider: Provider, period: Period): Column<PeriodEntry> {
  const byKey = new Map(entriesOf(group, period).map((entry) => [keyOf(entry), entry]));
  // The total row has no key: its figures are the totals of the group.
  const find = (entry: PeriodEntry) => (keyOf(entry) === '' ? group.range?.totals : byKey.get(keyOf(entry)));
  return {
    key: provider,
    title: PROVIDER_NAMES[provider],
    unit: 'USD',
    align: 'right',
    value: (entry) => find(entry)?.costUsd ?? null,
    show: (entry, digits) => {
      const found = find(entry);
      return found ? <Cost of={found} digits={digits} /> : <span class="faint">–</span>;
    },
  };
}

function describeKey(key: string, period: Period): string {
  if (period === 'monthly') return formatMonth(key);
  return period === 'weekly' ? `Week from ${formatDatedDay(key)}` : formatFullDay(key);
}

function keyOf({ date, week, month }: PeriodEntry): string {
  return date ?? week ?? month ?? '';
}
