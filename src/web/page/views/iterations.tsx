import type { InvocationEntry, RunName } from '../answers.js';
import { drawIterations } from '../charts/bars.js';
import { Chart } from '../charts/chart.jsx';
import { formatChange, formatUsd } from '../format.js';
import { type Iteration, listIterations, listPhases } from '../iterations.js';
import { cachedColumn, durationColumn, partCostColumn } from '../parts/columns.jsx';
import { None } from '../parts/figures.jsx';
import { Empty, Panel } from '../parts/layout.jsx';
import { type LiveState, Outcome, Shape } from '../parts/outcome.jsx';
import { type Column, Table, useOpened } from '../parts/table.jsx';
import { addressOfWhy } from '../why.js';
import { Invocation, measureDuration } from './invocations.jsx';

interface IterationsProps {
  readonly run: RunName;
  readonly invocations: readonly InvocationEntry[];
  readonly now: number;
  /** What the processes do of those invocations that the record calls running. */
  readonly live: ReadonlyMap<string, LiveState>;
}

/** More iterations than that begin with the newest one, and are shown so many at first. */
const FIRST = 20;

/** A run, iteration by iteration: a chart of all of them, and a table whose rows open into a card for each invocation. */
export function Iterations({ run, invocations, now, live }: IterationsProps) {
  const iterations = listIterations(invocations);
  const phases = listPhases(invocations);
  const rows = useOpened(iterations.length === 1 ? iterations.map(keyOf) : []);
  const show = (index: number) => {
    const key = String(iterations[index]?.number);
    rows.open(key);
    // The row is there when the page has been drawn anew.
    setTimeout(() => document.querySelector(`tr[data-key="${key}"]`)?.scrollIntoView({ block: 'center' }));
  };
  const dearestUsd = Math.max(...invocations.map(({ costUsd }) => costUsd ?? 0), Number.MIN_VALUE);
  const isLong = iterations.length > FIRST;
  const hasMisses = iterations.some(({ marks }) => marks.includes('cache miss'));
  return (
    <Panel
      title="Iterations"
      hint={
        hasMisses ? 'Cache miss: input that the response before in its thread had sent was billed as new.' : undefined
      }
    >
      {iterations.length > 1 &&
        (iterations.some(({ costUsd }) => costUsd) ? (
          <Chart
            label={`Bars of what each of ${iterations.length} iterations cost, stacked by phase. The same figures are in the table below.`}
            height={220}
            of={invocations}
            draw={(frame) => drawIterations(iterations, phases, frame)}
            onPick={show}
          />
        ) : (
          <Empty title="Nothing here has a known price">The tokens are in the table below.</Empty>
        ))}
      <Table
        name={`run ${run.runId} iterations`}
        columns={columnsOf(run, phases, now, live)}
        rows={isLong ? [...iterations].reverse() : iterations}
        keyOf={keyOf}
        first={FIRST}
        details={{
          ...rows,
          show: (iteration) => (
            <div class="iteration">
              {iteration.invocations.map((one) => (
                <Invocation
                  key={one.invocationId}
                  of={one}
                  now={now}
                  dearestUsd={dearestUsd}
                  live={live.get(one.invocationId)}
                />
              ))}
            </div>
          ),
        }}
      />
    </Panel>
  );
}

function keyOf({ number }: Iteration): string {
  return String(number);
}

function columnsOf(
  run: IterationsProps['run'],
  phases: readonly string[],
  now: number,
  live: ReadonlyMap<string, LiveState>,
): Column<Iteration>[] {
  const several = phases.length > 1 ? phases : [];
  const onlyPhase = phases.length === 1 ? phases[0] : undefined;
  return [
    { title: 'Iteration', value: ({ number }) => number },
    ...several.map((phase) =>
      partCostColumn<Iteration>(
        phase[0]?.toUpperCase() + phase.slice(1),
        ({ phases: sums }) => sums[phase],
        ({ number }) => addressOfWhy(run, number, phase),
      ),
    ),
    partCostColumn(
      several.length > 0 ? 'Total' : 'Cost',
      (iteration) => iteration,
      ({ number }) => addressOfWhy(run, number, onlyPhase),
    ),
    {
      ...{ title: 'Change', unit: 'USD', align: 'right' },
      value: ({ changeUsd }) => changeUsd,
      show: ({ changeUsd: by }, digits) =>
        by === null ? <None /> : <data value={by}>{formatChange(by, (usd) => formatUsd(usd, digits))}</data>,
    },
    cachedColumn(),
    { title: 'Models', value: ({ modelNames }) => modelNames.join(' ') || null },
    {
      title: 'Outcome',
      value: ({ invocations }) => [...new Set(invocations.map(({ status }) => status))].join(' '),
      show: (one) => <IterationOutcome of={one} live={live} />,
    },
    durationColumn(({ invocations }) => invocations.reduce((sum, one) => sum + measureDuration(one, now), 0)),
  ];
}

interface IterationOutcomeProps extends Pick<IterationsProps, 'live'> {
  readonly of: Iteration;
}

/** How the invocation ended that says most of the iteration: one that failed, else one that runs, else the last. */
function IterationOutcome({ of: { invocations, marks }, live }: IterationOutcomeProps) {
  const shown =
    invocations.find(({ status }) => ['failed', 'interrupted', 'abandoned', 'over budget'].includes(status)) ??
    invocations.find(({ status }) => status === 'running') ??
    invocations.at(-1);
  return (
    <>
      {shown && <Outcome of={shown} live={live.get(shown.invocationId)} />}
      {marks.includes('cache miss') && (
        <span class="outcome outcome-abandoned">
          <Shape>▲</Shape>
          cache miss
        </span>
      )}
    </>
  );
}
