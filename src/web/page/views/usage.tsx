import { useState } from 'preact/hooks';
import { addressBehind, changeQuery, type Filter, goTo } from '../address.js';
import type { PastSessions, Provider, Status } from '../answers.js';
import { useAnswer } from '../ask.js';
import { drawCalendar, findMostUsd, measureCalendar, strengthOf } from '../charts/calendar.js';
import { Chart } from '../charts/chart.jsx';
import { formatCount, formatUsd } from '../format.js';
import { PROVIDER_NAMES, PROVIDERS, readProvider } from '../names.js';
import { ProviderName } from '../parts/figures.jsx';
import { Await, Choice, Empty, Panel } from '../parts/layout.jsx';
import { PERIODS, type Period } from '../periods.js';
import type { Usage } from '../usage-answers.js';
import { NamePick, ProviderPick } from './filters.jsx';
import { RunningNow, useRunning } from './running.jsx';
import { Breakdown } from './usage/breakdown.jsx';
import { Bars, Periods } from './usage/periods.jsx';
import { Limits, Returns } from './usage/plans.jsx';
import { readSpan, type Span, SpanPicker } from './usage/span.jsx';
import { Summary } from './usage/summary.jsx';

const PERIOD_OPTIONS = (Object.keys(PERIODS) as Period[]).map((value) => ({ value, text: PERIODS[value].name }));

/** What it cost over time. The period, the provider and the days are the address's, and hold for the whole view. */
export function UsageView({ query }: { readonly query: URLSearchParams }) {
  const period = PERIOD_OPTIONS.find(({ value }) => value === query.get('period'))?.value ?? 'daily';
  const filter = { provider: readProvider(query), project: query.get('project') ?? undefined };
  const span = readSpan(query, period);
  const asked = useAnswer<Usage>('/api/usage', { period, ...filter, ...span });
  const status = useAnswer<Status>('/api/status').answer;
  const running = useRunning(filter.project);
  return (
    <>
      <div class="controls">
        <h1>Usage</h1>
        <Choice
          label="Period"
          options={PERIOD_OPTIONS}
          value={period}
          onChoose={(value) => changeQuery({ period: value === 'daily' ? undefined : value, last: undefined })}
        />
        <ProviderPick provider={filter.provider} />
        <SpanPicker span={span} period={period} />
        <NamePick label="Project" all="All projects" name="project" value={filter.project} known={status?.projectIds} />
      </div>
      <RunningNow running={running} />
      <Await asked={asked}>
        {(usage) => <Overview usage={usage} period={period} span={span} filter={filter} query={query} />}
      </Await>
    </>
  );
}

interface OverviewProps {
  readonly usage: Usage;
  readonly period: Period;
  readonly span: Span;
  /** The provider and the project that the view is of. */
  readonly filter: Filter;
  readonly query: URLSearchParams;
}

function Overview({ usage, period, span, filter, query }: OverviewProps) {
  const [all, ...each] = usage.groups;
  const providers = PROVIDERS.filter((provider) => usage.calendar.some((day) => day.provider === provider));
  if (!all || (!all.range && usage.calendar.length === 0)) {
    if (!filter.provider && !filter.project) return <Welcome />;
    return <Empty title="Nothing was used">Nothing is recorded for this choice: try all providers and projects.</Empty>;
  }
  const periods = { all, each, period, today: usage.today, filter };
  return (
    <>
      <Summary usage={usage} all={all} each={each} />
      <Bars {...periods} />
      {all.range && (
        <Breakdown query={query} parameters={{ period, ...filter, ...span }} filter={filter} range={all.range} />
      )}
      <Calendar usage={usage} providers={providers} filter={filter} />
      <div class="pair">
        {usage.returns.length > 0 && <Returns usage={usage} />}
        {usage.rateLimits.length > 0 && <Limits limits={usage.rateLimits} />}
      </div>
      <Periods {...periods} span={span} />
    </>
  );
}

/** What a new user sees: how to begin, and which past sessions can be imported. */
function Welcome() {
  return (
    <Empty title="Nothing has been recorded yet">
      <PastSessionsOffer />
      <p>Put codex-metered where codex stood, and watch it arrive here:</p>
      <code>codex-metered exec "fix the failing test"</code>
    </Empty>
  );
}

function PastSessionsOffer() {
  const [state, setState] = useState<'offered' | 'asked' | 'failed'>('offered');
  const files = useAnswer<PastSessions>('/api/past-sessions').answer?.files ?? [];
  const found = files.filter(({ fileCount }) => fileCount > 0);
  const count = found.reduce((sum, { fileCount }) => sum + fileCount, 0);
  if (count === 0) return null;
  const start = async () => {
    setState('asked');
    const { ok } = await fetch('/api/import', { method: 'POST' }).catch(() => ({ ok: false }));
    if (!ok) setState('failed');
  };
  const names = found.map(({ provider, fileCount }) => `${formatCount(fileCount)} of ${PROVIDER_NAMES[provider]}`);
  return (
    <div class="offer">
      <p>
        {formatCount(count)} past {count === 1 ? 'session lies' : 'sessions lie'} on this disk: {names.join(', ')}.
      </p>
      <button type="button" class="primary" disabled={state === 'asked'} onClick={() => void start()}>
        {state === 'asked' ? 'Importing…' : 'Import them'}
      </button>
      {state === 'failed' && <p role="alert">The import could not be started: try codex-usage import.</p>}
    </div>
  );
}

interface CalendarProps {
  readonly usage: Usage;
  readonly providers: readonly Provider[];
  readonly filter: Filter;
}

function Calendar({ usage, providers, filter }: CalendarProps) {
  const { today } = usage;
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
        onPick={(_, day) => goTo(addressBehind('/sessions', { ...filter, since: day, until: day }))}
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
