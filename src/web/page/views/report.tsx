import { addressOf } from '../address.js';
import type { CostReport, InvocationEntry } from '../answers.js';
import { useAnswer } from '../ask.js';
import { Chart } from '../charts/chart.jsx';
import { drawCumulative } from '../charts/cumulative.js';
import { formatCount, formatDuration, formatMinute, formatShare } from '../format.js';
import { useNow } from '../live.js';
import { sumColumns } from '../parts/columns.jsx';
import { CachedShare, Cost, Outcome, SourceBadge, Tokens } from '../parts/figures.jsx';
import { Link } from '../parts/link.jsx';
import { Await, Empty, Panel, Stat } from '../parts/panel.jsx';
import { type Column, Table } from '../parts/table.jsx';
import { Iterations } from './iterations.jsx';
import { Notes } from './notes.jsx';
import { describeUnmetered, Unmetered } from './unmetered.jsx';

interface ReportViewProps {
  readonly kind: CostReport['kind'];
  readonly id: string;
  readonly project: string | undefined;
}

/** A run or a session: its iterations side by side, and all that is known of each. */
export function ReportView({ kind, id, project }: ReportViewProps) {
  const asked = useAnswer<CostReport>(`/api/${kind}`, { id, project });
  return <Await asked={asked}>{(report) => <Report report={report} />}</Await>;
}

function Report({ report }: { readonly report: CostReport }) {
  const { kind, invocations, unmetered = [], totals } = report;
  const now = useNow(invocations.some(({ status }) => status === 'running'));
  const starts = [...invocations, ...unmetered].map(({ startedAt }) => startedAt).sort();
  const [first] = starts;
  const projects = report.projectId === undefined ? (report.projectIds ?? []) : [report.projectId];
  return (
    <>
      <div class="controls">
        <h1>
          <Link href={kind === 'run' ? '/runs' : '/sessions'} class="crumb">
            {kind === 'run' ? 'Runs' : 'Sessions'}
          </Link>{' '}
          {report.runId ?? report.threadId}
        </h1>
        <p class="hint">
          {projects.join(', ')}
          {first && <> · started {formatMinute(first)}</>}
          {kind === 'run' && (
            <>
              {' '}
              · <Link href={addressOf('/runs', { project: report.projectId })}>other runs of this project</Link>
            </>
          )}
        </p>
      </div>
      <dl class="stats">
        <Stat label="Cost" details={<SourceBadge source={totals.source} />}>
          <Cost of={totals} />
        </Stat>
        <Stat label="Input" details={<>{formatCount(totals.inputTokens)} tokens</>}>
          <Tokens count={totals.inputTokens} short />
        </Stat>
        <Stat label="Cached share" details={<>{formatCount(totals.cachedInputTokens)} tokens</>}>
          <CachedShare of={totals} />
        </Stat>
        <Stat label="Output" details={<>{formatCount(totals.reasoningTokens)} of it reasoning</>}>
          <Tokens count={totals.outputTokens} short />
        </Stat>
        {invocations.length > 0 ? (
          <Stat label="Time at work" details={<>{formatCount(totals.responseCount)} responses</>}>
            {formatDuration(invocations.reduce((sum, one) => sum + measureDuration(one, now), 0))}
          </Stat>
        ) : (
          <Stat label="Responses" details={<>read from its session file</>}>
            {formatCount(totals.responseCount)}
          </Stat>
        )}
      </dl>
      <PhaseShares report={report} />
      {invocations.length > 0 && <Iterations invocations={invocations} now={now} />}
      <Panel title="Cost as it went" hint="Cumulative, response by response.">
        {totals.costUsd === null ? (
          <Empty title="Nothing here has a known price">The tokens are in the table below.</Empty>
        ) : (
          <Chart
            label={`Cumulative cost of ${report.runId ?? report.threadId}`}
            height={260}
            of={report}
            draw={(frame) => drawCumulative([...invocations, ...unmetered.map(describeUnmetered)], frame)}
          />
        )}
      </Panel>
      {invocations.length > 0 && (
        <Panel
          title="Every invocation"
          hint="Sub-agents and reviews are counted with the invocation that started them."
        >
          <Table
            name={`${kind} ${report.runId ?? report.threadId}`}
            columns={columnsOf(now, kind)}
            rows={invocations}
            keyOf={({ invocationId }) => invocationId}
          />
        </Panel>
      )}
      <Unmetered threads={unmetered} />
      <Notes invocations={invocations} />
    </>
  );
}

/** Builder against reviewer: who spent which part of it. */
function PhaseShares({ report: { phases, totals } }: { readonly report: CostReport }) {
  const whole = totals.costUsd ?? 0;
  const priced = phases.filter(({ costUsd }) => costUsd !== null && costUsd > 0);
  if (whole === 0 || priced.length < 2) return null;
  return (
    <ul class="shares" aria-label="Share of the cost by phase">
      {priced.map((phase) => (
        <li key={phase.phase} class={`phase-${phase.phase}`} style={{ flexGrow: (phase.costUsd ?? 0) / whole }}>
          <span class="share-name">{phase.phase}</span> <Cost of={phase} />{' '}
          <span class="share-part">{formatShare((phase.costUsd ?? 0) / whole)}</span>
        </li>
      ))}
    </ul>
  );
}

function columnsOf(now: number, kind: CostReport['kind']): Column<InvocationEntry>[] {
  return [
    {
      key: 'iteration',
      title: 'Invocation',
      value: (one) => `${one.phase} ${one.iteration}`,
    },
    ...(kind === 'session'
      ? [
          {
            key: 'run',
            title: 'Run',
            value: (one: InvocationEntry) => one.runId,
            show: (one: InvocationEntry) => (
              <Link href={addressOf('/run', { id: one.runId, project: one.projectId })}>{one.runId}</Link>
            ),
          },
        ]
      : []),
    {
      key: 'model',
      title: 'Model',
      value: (one) => [...new Set(one.models.map(({ model }) => model))].join(' ') || null,
    },
    ...sumColumns<InvocationEntry>(),
    { key: 'evidence', title: 'Evidence', value: (one) => one.evidence.join(' ') || null },
    {
      key: 'duration',
      title: 'Time',
      unit: 'seconds',
      align: 'right',
      value: (one) => measureDuration(one, now) / 1000,
      show: (one) => formatDuration(measureDuration(one, now)),
    },
    { key: 'outcome', title: 'Outcome', value: (one) => one.status, show: (one) => <Outcome of={one} /> },
  ];
}

/** Also of what still runs: until now. */
export function measureDuration({ durationMs, status, startedAt }: InvocationEntry, now: number): number {
  return durationMs ?? (status === 'running' ? Math.max(0, now - Date.parse(startedAt)) : 0);
}
