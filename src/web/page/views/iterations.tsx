import type { InvocationEntry } from '../answers.js';
import { Chart } from '../charts/chart.jsx';
import { drawIterations } from '../charts/iterations.js';
import { formatDuration, formatUsd, type UsdDigits } from '../format.js';
import { type Iteration, listIterations, listPhases } from '../iterations.js';
import { cachedColumn, costColumn } from '../parts/columns.jsx';
import { CostLink, type LiveState, Outcome } from '../parts/figures.jsx';
import { Empty, Panel } from '../parts/panel.jsx';
import { type Column, Table, useOpened } from '../parts/table.jsx';
import { addressOfWhy } from '../why.js';
import { Invocation, measureDuration } from './invocations.jsx';

interface IterationsProps {
  readonly run: { readonly runId: string; readonly projectId: string };
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
  const phaseColumns = phases.map((phase): Column<Iteration> => {
    return {
      key: phase,
      title: phase[0]?.toUpperCase() + phase.slice(1),
      unit: 'USD',
      align: 'right',
      value: ({ phases: sums }) => sums[phase]?.costUsd ?? null,
      show: ({ number, phases: sums }, digits) => {
        const found = sums[phase];
        if (!found) return <span class="faint">–</span>;
        return <CostLink of={found} digits={digits} href={addressOfWhy(run, number, phase)} />;
      },
    };
  });
  const measure = ({ invocations }: Iteration) => invocations.reduce((sum, one) => sum + measureDuration(one, now), 0);
  const onlyPhase = phases.length === 1 ? phases[0] : undefined;
  return [
    { key: 'iteration', title: 'Iteration', value: ({ number }) => number },
    ...(phases.length > 1 ? phaseColumns : []),
    {
      ...costColumn<Iteration>(({ number }) => addressOfWhy(run, number, onlyPhase)),
      title: phases.length > 1 ? 'Total' : 'Cost',
    },
    {
      key: 'change',
      title: 'Change',
      unit: 'USD',
      align: 'right',
      value: ({ changeUsd }) => changeUsd,
      show: ({ changeUsd }, digits) => formatChange(changeUsd, digits),
    },
    cachedColumn<Iteration>(),
    { key: 'models', title: 'Models', value: ({ modelNames }) => modelNames.join(' ') || null },
    {
      key: 'outcome',
      title: 'Outcome',
      value: ({ invocations }) => [...new Set(invocations.map(({ status }) => status))].join(' '),
      show: (one) => <IterationOutcome of={one} live={live} />,
    },
    {
      key: 'duration',
      title: 'Time',
      unit: 'seconds',
      align: 'right',
      value: (one) => measure(one) / 1000,
      show: (one) => formatDuration(measure(one)),
    },
  ];
}

/** How the invocation ended that says most of the iteration: one that failed, else one that runs, else the last. */
function IterationOutcome({
  of: { invocations, marks },
  live,
}: {
  readonly of: Iteration;
  readonly live: ReadonlyMap<string, LiveState>;
}) {
  const telling =
    invocations.find(({ status }) => ['failed', 'interrupted', 'abandoned', 'over budget'].includes(status)) ??
    invocations.find(({ status }) => status === 'running') ??
    invocations.at(-1);
  return (
    <>
      {telling && <Outcome of={telling} live={live.get(telling.invocationId)} />}
      {marks.includes('cache miss') && (
        <span class="outcome outcome-abandoned">
          <span class="outcome-shape" aria-hidden="true">
            ▲
          </span>
          cache miss
        </span>
      )}
    </>
  );
}

function formatChange(usd: number | null, digits: UsdDigits | undefined) {
  if (usd === null) return <span class="faint">–</span>;
  return (
    <data value={usd}>
      {usd > 0 ? '+' : usd < 0 ? '−' : ''}
      {formatUsd(Math.abs(usd), digits)}
    </data>
  );
}
