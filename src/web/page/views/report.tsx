import { addressOf } from '../address.js';
import type { CostReport } from '../answers.js';
import { useAnswer, useNow } from '../ask.js';
import { Chart } from '../charts/chart.jsx';
import { drawCumulative } from '../charts/cumulative.js';
import { chooseUsdDigits, formatCount, formatDuration, formatMinute, formatShare } from '../format.js';
import { listIterations } from '../iterations.js';
import { CachedShare, Cost, SourceBadge, Tokens } from '../parts/figures.jsx';
import { Await, Empty, Link, Panel, Stat } from '../parts/layout.jsx';
import { Invocations, measureDuration, Unmetered } from './invocations.jsx';
import { Iterations } from './iterations.jsx';
import { Notes } from './notes.jsx';
import { RunningNow, useRunning } from './running.jsx';
import { WhyPanel } from './why.jsx';

interface ReportViewProps {
  readonly kind: CostReport['kind'];
  readonly id: string;
  readonly project: string | undefined;
  /** The part that is explained. */
  readonly why: string | undefined;
}

/** A run or a session: its iterations side by side, and all that is known of each. */
export function ReportView({ kind, id, project, why }: ReportViewProps) {
  const asked = useAnswer<CostReport>(`/api/${kind}`, { id, project });
  return (
    <Await asked={asked} wayOn={<WayOn kind={kind} />}>
      {(report) => <Report report={report} why={why} />}
    </Await>
  );
}

/** Where to go from an address under which there is nothing. */
function WayOn({ kind }: { readonly kind: CostReport['kind'] }) {
  return (
    <>
      <Link href={kind === 'run' ? '/runs' : '/sessions'}>{kind === 'run' ? 'All runs' : 'All sessions'}</Link> ·{' '}
      <Link href="/">What it cost over time</Link>
    </>
  );
}

function Report({ report, why }: { readonly report: CostReport; readonly why: string | undefined }) {
  const { kind, runId, projectId, invocations, unmetered = [], totals } = report;
  const running = useRunning(report.projectId, report.runId).filter(
    ({ invocationId }) => kind === 'run' || invocations.some((one) => one.invocationId === invocationId),
  );
  const live = new Map(running.map(({ invocationId, state }) => [invocationId, state]));
  const now = useNow(running.some(({ state }) => state === 'running'));
  const iterations = kind === 'run' ? listIterations(invocations) : [];
  const notMetered = unmetered.map((thread) => ({ ...thread, phase: 'not metered' }));
  const [first] = [...invocations, ...unmetered].map(({ startedAt }) => startedAt).sort();
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
      <RunningNow running={running} {...(kind === 'run' ? { iterations } : {})} />
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
      {runId !== undefined && projectId !== undefined && (
        <Iterations run={{ runId, projectId }} invocations={invocations} now={now} live={live} />
      )}
      <WhyPanel report={report} part={why} isRunning={invocations.some(({ status }) => status === 'running')} />
      <Panel title="Cost as it went" hint="Cumulative, response by response.">
        {totals.costUsd === null ? (
          <Empty title="Nothing here has a known price">The tokens are in the table below.</Empty>
        ) : (
          <Chart
            label={`Cumulative cost of ${report.runId ?? report.threadId}`}
            height={260}
            of={report}
            draw={(frame) => drawCumulative([...invocations, ...notMetered], frame)}
          />
        )}
      </Panel>
      <Invocations report={report} now={now} live={live} />
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
  const digits = chooseUsdDigits(priced.map(({ costUsd }) => costUsd));
  return (
    <ul class="shares" aria-label="Share of the cost by phase">
      {priced.map((phase) => (
        <li key={phase.phase} class={`phase-${phase.phase}`} style={{ flexGrow: (phase.costUsd ?? 0) / whole }}>
          <span class="share-name">{phase.phase}</span> <Cost of={phase} digits={digits} />{' '}
          <span class="share-part">{formatShare((phase.costUsd ?? 0) / whole)}</span>
        </li>
      ))}
    </ul>
  );
}
