import { useState } from 'preact/hooks';
import { addressOf, changeQuery, goTo } from '../address.js';
import type { RunEntry, RunList, Status } from '../answers.js';
import { useAnswer } from '../ask.js';
import { formatCount, formatDistance, formatMinute } from '../format.js';
import { useNow } from '../live.js';
import { Pick } from '../parts/choice.jsx';
import { costColumn, sourceColumn, tokens } from '../parts/columns.jsx';
import { CachedShare, cachedShare } from '../parts/figures.jsx';
import { Link } from '../parts/link.jsx';
import { Await, Empty, Panel } from '../parts/panel.jsx';
import { type Column, Table } from '../parts/table.jsx';
import { RunningNow } from './running.jsx';

const LENGTHS = ['50', '200', '1000'];

/** The newest runs; two of them can be chosen to be compared. */
export function RunsView({ query }: { readonly query: URLSearchParams }) {
  const project = query.get('project') ?? undefined;
  const last = query.get('last') ?? LENGTHS[0];
  const asked = useAnswer<RunList>('/api/runs', { project, last });
  const status = useAnswer<Status>('/api/status').answer;
  const projects = [...new Set([...(project ? [project] : []), ...(status?.projectIds ?? [])])];
  return (
    <>
      <div class="controls">
        <h1>Runs</h1>
        <Pick
          label="Project"
          value={project ?? ''}
          options={[{ value: '', text: 'All projects' }, ...projects.map((id) => ({ value: id, text: id }))]}
          onPick={(id) => changeQuery({ project: id || undefined })}
        />
        <Pick
          label="How many"
          value={last ?? ''}
          options={LENGTHS.map((value) => ({ value, text: `Newest ${value}` }))}
          onPick={(value) => changeQuery({ last: value })}
        />
      </div>
      <RunningNow project={project} />
      <Await asked={asked}>{({ runs }) => <Runs runs={runs} />}</Await>
    </>
  );
}

function Runs({ runs }: { readonly runs: readonly RunEntry[] }) {
  const [chosen, setChosen] = useState<readonly RunEntry[]>([]);
  const now = useNow(runs.some(isRunning));
  if (runs.length === 0) {
    return (
      <Empty title="No run has been metered yet">
        <p>Put codex-metered where codex stood, and this page shows the run as it goes:</p>
        <code>codex-metered exec "fix the failing test"</code>
      </Empty>
    );
  }
  const toggle = (run: RunEntry) => {
    const others = chosen.filter((one) => keyOf(one) !== keyOf(run));
    setChosen(others.length < chosen.length ? others : [...others.slice(-1), run]);
  };
  return (
    <Panel
      title="Newest first"
      hint="Choose two to compare them."
      actions={
        <button type="button" disabled={chosen.length !== 2} onClick={() => goTo(compareAddress(chosen))}>
          Compare{chosen.length > 0 ? ` (${chosen.length} of 2)` : ''}
        </button>
      }
    >
      <Table name="Runs" columns={columnsOf(chosen, toggle, now)} rows={runs} keyOf={keyOf} />
    </Panel>
  );
}

function columnsOf(chosen: readonly RunEntry[], toggle: (run: RunEntry) => void, now: number): Column<RunEntry>[] {
  return [
    {
      key: 'run',
      title: 'Run',
      value: (run) => run.runId,
      show: (run) => (
        <span class="run-name">
          <input
            type="checkbox"
            aria-label={`Compare ${run.runId}`}
            checked={chosen.some((one) => keyOf(one) === keyOf(run))}
            onChange={() => toggle(run)}
          />
          <Link href={addressOf('/run', { id: run.runId, project: run.projectId })}>{run.runId}</Link>
        </span>
      ),
    },
    { key: 'project', title: 'Project', value: (run) => run.projectId },
    {
      key: 'started',
      title: 'Latest start',
      value: (run) => run.latestInvocationStartedAt,
      show: (run) => (
        <time dateTime={run.latestInvocationStartedAt} title={formatDistance(run.latestInvocationStartedAt, now)}>
          {formatMinute(run.latestInvocationStartedAt)}
        </time>
      ),
    },
    {
      key: 'invocations',
      title: 'Invocations',
      value: (run) => describeStatuses(run),
      show: (run) => <Statuses of={run} />,
    },
    { key: 'model', title: 'Model', value: (run) => run.modelNames.join(' ') || null },
    tokens('Input', (run) => run.inputTokens),
    {
      key: 'share',
      title: 'Cached %',
      align: 'right',
      value: (run) => cachedShare(run) ?? null,
      show: (run) => <CachedShare of={run} />,
    },
    tokens('Output', (run) => run.outputTokens),
    costColumn(),
    sourceColumn(),
  ];
}

function Statuses({ of: run }: { readonly of: RunEntry }) {
  return <span class={isRunning(run) ? 'outcome-running moving' : ''}>{describeStatuses(run)}</span>;
}

function describeStatuses({ statusCounts }: RunEntry): string {
  return Object.entries(statusCounts)
    .map(([status, count]) => `${formatCount(count)} ${status}`)
    .join(', ');
}

function isRunning({ statusCounts }: RunEntry): boolean {
  return (statusCounts.running ?? 0) > 0;
}

function keyOf({ projectId, runId }: RunEntry): string {
  return `${projectId}/${runId}`;
}

function compareAddress([a, b]: readonly RunEntry[]): string {
  return addressOf('/compare', { a: a?.runId, aProject: a?.projectId, b: b?.runId, bProject: b?.projectId });
}
