import { useState } from 'preact/hooks';
import { addressOf, changeQuery, goTo } from '../address.js';
import type { RunEntry, RunList } from '../answers.js';
import { useAnswer } from '../ask.js';
import { type Filter, isFiltered, readFilter } from '../filters.js';
import { formatCount, formatDistance, formatMinute } from '../format.js';
import { useNow } from '../live.js';
import { Pick } from '../parts/choice.jsx';
import { cachedColumn, costColumn, sourceColumn, tokens } from '../parts/columns.jsx';
import { Link } from '../parts/link.jsx';
import { Await, Empty, Panel } from '../parts/panel.jsx';
import { type Column, Table } from '../parts/table.jsx';
import { addressOfWhy } from '../why.js';
import { FilterBar, NoMatch } from './filters.jsx';
import { RunningNow, useRunning } from './running.jsx';

const LENGTHS = ['50', '200', '1000'];

/** The newest runs; two of them can be chosen to be compared. */
export function RunsView({ query }: { readonly query: URLSearchParams }) {
  const { provider: _, ...filter } = readFilter(query);
  const last = query.get('last') ?? LENGTHS[0];
  const asked = useAnswer<RunList>('/api/runs', { ...filter, last });
  const running = useRunning(filter.project);
  return (
    <>
      <div class="controls">
        <h1>Runs</h1>
        <FilterBar view="/runs" filter={filter} />
        <Pick
          label="How many"
          value={last ?? ''}
          options={LENGTHS.map((value) => ({ value, text: `Newest ${value}` }))}
          onPick={(value) => changeQuery({ last: value })}
        />
      </div>
      <RunningNow running={running} />
      <Await asked={asked}>{({ runs }) => <Runs runs={runs} filter={filter} />}</Await>
    </>
  );
}

function Runs({ runs, filter }: { readonly runs: readonly RunEntry[]; readonly filter: Filter }) {
  const [chosen, setChosen] = useState<readonly RunEntry[]>([]);
  const now = useNow(runs.some(isRunning));
  if (runs.length === 0 && isFiltered(filter)) {
    return (
      <Empty title="No such run">
        <NoMatch view="/runs" />
      </Empty>
    );
  }
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
      hint={describeExtent(filter)}
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

function describeExtent({ since, until, model, phase, branch, tag }: Filter): string {
  const isPartial = [since, until, model, phase, branch, tag].some((one) => one !== undefined);
  return `${isPartial ? 'Each with what it used of that alone. ' : ''}Choose two to compare them.`;
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
    costColumn((run) => addressOfWhy(run)),
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
      wrap: true,
      value: (run) => describeStatuses(run),
      show: (run) => <Statuses of={run} />,
    },
    { key: 'model', title: 'Model', value: (run) => run.modelNames.join(' ') || null },
    tokens('Input', (run) => run.inputTokens),
    cachedColumn(),
    tokens('Output', (run) => run.outputTokens),
    sourceColumn(),
  ];
}

function Statuses({ of: run }: { readonly of: RunEntry }) {
  return (
    <span class={isRunning(run) ? 'outcome-running' : ''}>
      {isRunning(run) && (
        <span class="outcome-shape" aria-hidden="true">
          ●
        </span>
      )}
      {describeStatuses(run)}
    </span>
  );
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
