import { changeQuery, goTo } from '../address.js';
import type { Provider, Status } from '../answers.js';
import { useAnswer } from '../ask.js';
import { drawCalendar, findMostUsd, measureCalendar, strengthOf } from '../charts/calendar.js';
import { Chart } from '../charts/chart.jsx';
import { addressBehind, type Filter } from '../filters.js';
import { formatUsd } from '../format.js';
import { Choice } from '../parts/choice.jsx';
import { ProviderName } from '../parts/figures.jsx';
import { Await, Empty, Panel } from '../parts/panel.jsx';
import type { Period } from '../periods.js';
import { PROVIDER_OPTIONS, PROVIDERS, type ProviderChoice, readProviderChoice } from '../providers.js';
import type { Usage, UsageGroup } from '../usage-answers.js';
import { NamePick } from './filters.jsx';
import { RunningNow, useRunning } from './running.jsx';
import { Breakdown } from './usage/breakdown.jsx';
import { Limits } from './usage/limits.jsx';
import { Bars, Periods } from './usage/periods.jsx';
import { Returns } from './usage/returns.jsx';
import { readSpan, type Span, SpanPicker } from './usage/span.jsx';
import { Summary } from './usage/summary.jsx';
import { Welcome } from './usage/welcome.jsx';

const PERIODS = [
  { value: 'daily', text: 'Daily' },
  { value: 'weekly', text: 'Weekly' },
  { value: 'monthly', text: 'Monthly' },
] as const;

/** What it cost over time. The period, the provider and the days are the address's, and hold for the whole view. */
export function UsageView({ query }: { readonly query: URLSearchParams }) {
  const period = PERIODS.find(({ value }) => value === query.get('period'))?.value ?? 'daily';
  const provider = readProviderChoice(query);
  const project = query.get('project') ?? undefined;
  const span = readSpan(query, period);
  const parameters = { period, provider: provider === 'all' ? undefined : provider, project, ...span };
  const asked = useAnswer<Usage>('/api/usage', parameters);
  const status = useAnswer<Status>('/api/status').answer;
  const running = useRunning(project);
  return (
    <>
      <div class="controls">
        <h1>Usage</h1>
        <Choice
          label="Period"
          options={PERIODS}
          value={period}
          onChoose={(value) => changeQuery({ period: value === 'daily' ? undefined : value, last: undefined })}
        />
        <Choice<ProviderChoice>
          label="Provider"
          options={PROVIDER_OPTIONS}
          value={provider}
          onChoose={(value) => changeQuery({ provider: value === 'all' ? undefined : value })}
        />
        <SpanPicker span={span} period={period} />
        <NamePick label="Project" all="All projects" name="project" value={project} known={status?.projectIds} />
      </div>
      <RunningNow running={running} />
      <Await asked={asked}>
        {(usage) => (
          <Overview
            usage={usage}
            period={period}
            span={span}
            filter={{ provider, project }}
            query={query}
            parameters={parameters}
          />
        )}
      </Await>
    </>
  );
}

export interface UsageFilter {
  readonly provider: ProviderChoice;
  readonly project: string | undefined;
}

interface OverviewProps {
  readonly usage: Usage;
  readonly period: Period;
  readonly span: Span;
  readonly filter: UsageFilter;
  readonly query: URLSearchParams;
  readonly parameters: Readonly<Record<string, string | undefined>>;
}

function Overview({ usage, period, span, filter, query, parameters }: OverviewProps) {
  const [all, ...each] = usage.groups;
  const providers = PROVIDERS.filter((provider) => usage.calendar.some((day) => day.provider === provider));
  if (!all || (!all.range && usage.calendar.length === 0)) return <NothingUsed filter={filter} />;
  const provider = filter.provider === 'all' ? undefined : filter.provider;
  const behind: Filter = { project: filter.project, provider };
  const days = { since: all.range?.since ?? undefined, until: all.range?.until ?? undefined };
  const periods = { all, each, period, today: usage.today, behind };
  return (
    <>
      <Summary usage={usage} all={all} each={each} />
      <Bars {...periods} />
      {all.range && (
        <Breakdown query={query} parameters={parameters} filter={{ ...behind, ...days }} totals={all.range.totals} />
      )}
      <Calendar usage={usage} providers={providers} behind={behind} />
      <div class="pair">
        {usage.returns.length > 0 && <Returns usage={usage} />}
        {usage.rateLimits.length > 0 && <Limits limits={usage.rateLimits} />}
      </div>
      <Periods {...periods} span={span} filter={filter} />
    </>
  );
}

function NothingUsed({ filter }: { readonly filter: UsageFilter }) {
  if (filter.provider !== 'all' || filter.project) {
    return <Empty title="Nothing was used">Nothing is recorded for this choice: try all providers and projects.</Empty>;
  }
  return <Welcome />;
}

interface CalendarProps {
  readonly usage: Usage;
  readonly providers: readonly Provider[];
  readonly behind: Filter;
}

function Calendar({ usage, providers, behind }: CalendarProps) {
  const { today } = usage;
  const showDay = (_: number, day: string) => {
    goTo(addressBehind('/sessions', { ...behind, since: day, until: day }));
  };
  return (
    <Panel
      title="Every day"
      hint={
        <span class="legend">
          {providers.map((provider) => (
            <ProviderName key={provider} provider={provider} />
          ))}
          <Scale mostUsd={findMostUsd(usage.calendar)} />
        </span>
      }
    >
      <Chart
        label={`Calendar of what each day cost, up to ${today}. The same figures are in the table below.`}
        height={measureCalendar}
        of={usage}
        draw={(frame) => drawCalendar(usage.calendar, { today, providers }, frame)}
        onPick={showDay}
      />
    </Panel>
  );
}
/** Parts of the dearest day that the scale shows. */
const SCALE_STEPS = [1 / 16, 1 / 4, 1];

function Scale({ mostUsd }: { readonly mostUsd: number }) {
  return (
    <span class="scale">
      <span class="scale-cell" /> $0
      {SCALE_STEPS.map((share) => (
        <span key={share} class="scale-step">
          <span class="scale-cell scale-used" style={{ opacity: strengthOf(share) }} /> {formatUsd(share * mostUsd, 2)}
        </span>
      ))}
    </span>
  );
}

/** The report of a group, by what the view's period calls its entries. */
export function entriesOf(group: UsageGroup | undefined, period: Period) {
  return group?.range?.[period] ?? [];
}
