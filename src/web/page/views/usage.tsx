import { changeQuery } from '../address.js';
import type { Provider, Status } from '../answers.js';
import { useAnswer } from '../ask.js';
import { drawCalendar, measureCalendar } from '../charts/calendar.js';
import { Chart } from '../charts/chart.jsx';
import { PROVIDER_OPTIONS, type ProviderChoice, readProviderChoice } from '../choices.js';
import { Choice, Pick } from '../parts/choice.jsx';
import { ProviderName } from '../parts/figures.jsx';
import { Await, Empty, Panel } from '../parts/panel.jsx';
import { PROVIDERS } from '../providers.js';
import type { Usage, UsageGroup } from '../usage-answers.js';
import { RunningNow } from './running.jsx';
import { Limits } from './usage/limits.jsx';
import { Models } from './usage/models.jsx';
import { Periods } from './usage/periods.jsx';
import { Returns } from './usage/returns.jsx';
import { readSpan, type Span, SpanPicker } from './usage/span.jsx';
import { Summary } from './usage/summary.jsx';

const PERIODS = [
  { value: 'daily', text: 'Daily' },
  { value: 'weekly', text: 'Weekly' },
  { value: 'monthly', text: 'Monthly' },
] as const;
export type Period = (typeof PERIODS)[number]['value'];

/** What it cost over time. The period, the provider and the days are the address's, and hold for the whole view. */
export function UsageView({ query }: { readonly query: URLSearchParams }) {
  const period = PERIODS.find(({ value }) => value === query.get('period'))?.value ?? 'daily';
  const provider = readProviderChoice(query);
  const project = query.get('project') ?? undefined;
  const span = readSpan(query, period);
  const asked = useAnswer<Usage>('/api/usage', {
    period,
    provider: provider === 'all' ? undefined : provider,
    project,
    ...span,
  });
  const status = useAnswer<Status>('/api/status').answer;
  const projects = [...new Set([...(project ? [project] : []), ...(status?.projectIds ?? [])])];
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
        <Pick
          label="Project"
          value={project ?? ''}
          options={[{ value: '', text: 'All projects' }, ...projects.map((id) => ({ value: id, text: id }))]}
          onPick={(id) => changeQuery({ project: id || undefined })}
        />
      </div>
      <RunningNow project={project} />
      <Await asked={asked}>
        {(usage) => <Overview usage={usage} period={period} span={span} filter={{ provider, project }} />}
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
}

function Overview({ usage, period, span, filter }: OverviewProps) {
  const [all, ...each] = usage.groups;
  const providers = PROVIDERS.filter((provider) => usage.calendar.some((day) => day.provider === provider));
  if (!all || (!all.range && usage.calendar.length === 0)) return <NothingUsed filter={filter} />;
  return (
    <>
      <Summary all={all} each={each} today={usage.today} />
      <Calendar usage={usage} providers={providers} />
      <div class="pair">
        <Returns usage={usage} />
        <Limits limits={usage.rateLimits} />
      </div>
      <Periods all={all} each={each} period={period} span={span} filter={filter} today={usage.today} />
      <Models report={all.range} />
    </>
  );
}

function NothingUsed({ filter }: { readonly filter: UsageFilter }) {
  if (filter.provider !== 'all' || filter.project) {
    return <Empty title="Nothing was used">Nothing is recorded for this choice: try all providers and projects.</Empty>;
  }
  return (
    <Empty title="Nothing has been recorded yet">
      <p>Put codex-metered where codex stood, and watch it arrive here:</p>
      <code>codex-metered exec "fix the failing test"</code>
    </Empty>
  );
}

function Calendar({ usage, providers }: { readonly usage: Usage; readonly providers: readonly Provider[] }) {
  const { today } = usage;
  return (
    <Panel
      title="Every day"
      hint={
        <span class="legend">
          {providers.map((provider) => (
            <ProviderName key={provider} provider={provider} />
          ))}
          <span>stronger: cost more</span>
        </span>
      }
    >
      <Chart
        label={`Calendar of what each day cost, up to ${today}. The same figures are in the table below.`}
        height={measureCalendar}
        of={usage}
        draw={(frame) => drawCalendar(usage.calendar, { today, providers }, frame)}
      />
    </Panel>
  );
}

/** The report of a group, by what the view's period calls its entries. */
export function entriesOf(group: UsageGroup | undefined, period: Period) {
  return group?.range?.[period] ?? [];
}
