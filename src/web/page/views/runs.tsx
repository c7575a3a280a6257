import { useState } from 'preact/hooks';
import { addressOf, changeQuery, type Filter, goTo, isFiltered, readFilter } from '../address.js';
import type { RunEntry } from '../answers.js';
import { useAnswer, useNow } from '../ask.js';
import { formatCount, formatDistance, formatMinute } from '../format.js';
import { cachedColumn, costColumn, countColumn, modelColumn, sourceColumn } from '../parts/columns.jsx';
import { Await, Empty, Panel, Pick, RunLink } from '../parts/layout.jsx';
import { Shape } from '../parts/outcome.jsx';
import { type Column, Table } from '../parts/table.jsx';
import { addressOfWhy } from '../why.js';
import { FilterBar, NoMatch } from './filters.jsx';
import { RunningNow, useRunning } from './running.jsx';

const LENGTHS = ['50', '200', '1000'];

/** The newest runs; two of them can be chosen to be compared. */
export function RunsView({ query }: { readonly query: URLSearchParams }) {
  const { provider: _, ...filter } = readFilter(query);
  const last = query.get('last') ?? LENGTHS[0];
  const asked = useAnswer<{ readonly runs: readonly RunEntry[] }>('/api/runs', { ...filter, last });
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
          onChoose={(value) => changeQuery({ last: value })}
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
          <RunLink of={run} />
        </span>
      ),
    },
    costColumn((run) => addressOfWhy(run)),
    { title: 'Project', value: (run) => run.projectId },
    {
      title: 'Latest start',
      value: (run) => run.latestInvocationStartedAt,
      show: ({ latestInvocationStartedAt: iso }) => (
        <time dateTime={iso} title={formatDistance(iso, now)}>
          {formatMinute(iso)}
        </time>
      ),
    },
    {
      title: 'Invocations',
      wrap: true,
      value: describeStatuses,
      show: (run) => (
        <span class={isRunning(run) ? 'outcome-running' : ''}>
          {isRunning(run) && <Shape>●</Shape>}
          {describeStatuses(run)}
        </span>
      ),
    },
    modelColumn((run) => run.modelNames),
    countColumn('Input', (run) => run.inputTokens),
    cachedColumn(),
    countColumn('Output', (run) => run.outputTokens),
    sourceColumn(),
  ];
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
