import { addressOf } from '../address.js';
import type { CostReport, InvocationEntry } from '../answers.js';
import { type Asked, useAnswer, useNow } from '../ask.js';
import { Chart } from '../charts/chart.jsx';
import { drawComparison } from '../charts/cumulative.js';
import {
  chooseUsdDigits,
  formatChange,
  formatCount,
  formatDuration,
  formatFineShare,
  formatPoints,
  formatUsd,
} from '../format.js';
import { Cost, None } from '../parts/figures.jsx';
import { Await, Empty, Link, Panel } from '../parts/layout.jsx';
import { type Column, Table } from '../parts/table.jsx';
import { cachedShare } from '../sums.js';
import { measureDuration } from './invocations.jsx';

/** Two runs, figure by figure and iteration by iteration. */
export function CompareView({ query }: { readonly query: URLSearchParams }) {
  const ask = (side: string) => ({ id: query.get(side) ?? '', project: query.get(`${side}Project`) ?? undefined });
  const a = useAnswer<CostReport>('/api/run', ask('a'));
  const b = useAnswer<CostReport>('/api/run', ask('b'));
  if (!query.get('a') || !query.get('b')) {
    return (
      <Empty title="Two runs make a comparison">
        Choose them among <Link href="/runs">the runs</Link>.
      </Empty>
    );
  }
  return <Await asked={both(a, b)}>{(runs) => <Comparison runs={runs} />}</Await>;
}

type Pair = readonly [CostReport, CostReport];

function both(a: Asked<CostReport>, b: Asked<CostReport>): Asked<Pair> {
  return {
    answer: a.answer && b.answer ? [a.answer, b.answer] : undefined,
    problem: a.problem ?? b.problem,
    state: a.state === 'ready' && b.state === 'ready' ? 'ready' : 'loading',
  };
}

interface Line {
  readonly name: string;
  readonly values: readonly [number | string | null, number | string | null];
  readonly format: (value: number) => string;
  /** Of a difference. Shares differ by points, and one share is no part of another. */
  readonly formatDifference?: (value: number) => string;
}

function Comparison({ runs }: { readonly runs: Pair }) {
  const [a, b] = runs;
  const now = useNow(runs.some(({ invocations }) => invocations.some(({ status }) => status === 'running')));
  return (
    <>
      <div class="controls">
        <h1>
          <Link href="/runs" class="crumb">
            Runs
          </Link>{' '}
          Compare
        </h1>
        <p class="hint">
          {showRun(a)} against {showRun(b)}
        </p>
      </div>
      <Panel title="Figure by figure">
        <Table
          name={`${a.runId} against ${b.runId}`}
          columns={columnsOf(runs, 'Figure')}
          rows={listLines(runs, now)}
          keyOf={({ name }) => name}
        />
      </Panel>
      <Panel title="Cost as it went" hint="Cumulative, from the start of each run.">
        <Chart
          label={`Cumulative cost of ${a.runId} and ${b.runId}`}
          height={280}
          of={runs}
          draw={(frame) => drawComparison(runs, frame)}
        />
      </Panel>
      <Panel title="Iteration by iteration" hint="What each cost.">
        <Table
          name={`${a.runId} against ${b.runId} iterations`}
          columns={columnsOf(runs, 'Invocation')}
          rows={listIterations(runs)}
          keyOf={({ name }) => name}
        />
      </Panel>
    </>
  );
}

function showRun(run: CostReport) {
  return (
    <>
      <Link href={addressOf('/run', { id: run.runId, project: run.projectId })}>{run.runId}</Link> (
      <Cost of={run.totals} />)
    </>
  );
}

function listLines(runs: Pair, now: number): Line[] {
  const line = (name: string, format: Line['format'], read: (run: CostReport) => Line['values'][0]): Line => ({
    name,
    format,
    values: [read(runs[0]), read(runs[1])],
  });
  const phases = [...new Set(runs.flatMap((run) => run.phases.map(({ phase }) => phase)))];
  const formatCost = formatUsdLike(runs.map(({ totals }) => totals.costUsd));
  return [
    line('Models', formatCount, (run) => listModels(run).join(', ') || null),
    line('Cost', formatCost, ({ totals }) => totals.costUsd),
    ...phases.map((phase) =>
      line(`Cost of ${phase}`, formatCost, (run) => run.phases.find((one) => one.phase === phase)?.costUsd ?? null),
    ),
    line('Input tokens', formatCount, ({ totals }) => totals.inputTokens),
    {
      ...line('Cached share', formatFineShare, ({ totals }) => cachedShare(totals) ?? null),
      formatDifference: formatPoints,
    },
    line('Output tokens', formatCount, ({ totals }) => totals.outputTokens),
    line('Reasoning tokens', formatCount, ({ totals }) => totals.reasoningTokens),
    line('Responses', formatCount, ({ totals }) => totals.responseCount),
    line('Iterations', formatCount, ({ invocations }) => new Set(invocations.map(({ iteration }) => iteration)).size),
    line('Time at work', formatSeconds, ({ invocations }) => {
      return invocations.reduce((sum, one) => sum + measureDuration(one, now), 0) / 1000;
    }),
  ];
}

const formatSeconds = (seconds: number) => formatDuration(seconds * 1000);

function listIterations(runs: Pair): Line[] {
  const nameOf = ({ phase, iteration }: InvocationEntry) => `${phase} ${iteration}`;
  const names = [...new Set(runs.flatMap(({ invocations }) => invocations.map(nameOf)))];
  const costOf = ({ invocations }: CostReport, name: string) => {
    const costs = invocations.filter((one) => nameOf(one) === name).flatMap(({ costUsd }) => costUsd ?? []);
    return costs.length === 0 ? null : costs.reduce((sum, cost) => sum + cost, 0);
  };
  const values = names.map((name): Line['values'] => [costOf(runs[0], name), costOf(runs[1], name)]);
  const format = formatUsdLike(values.flat().map((value) => (typeof value === 'number' ? value : null)));
  return names.map((name, index) => ({ name, format, values: values[index] ?? [null, null] }));
}

/** Writes amounts with the same digits as `amounts` need. */
function formatUsdLike(amounts: readonly (number | null)[]): Line['format'] {
  const digits = chooseUsdDigits(amounts);
  return (usd) => formatUsd(usd, digits);
}

function listModels({ invocations }: CostReport): string[] {
  return [...new Set(invocations.flatMap(({ models }) => models.map(({ model }) => model)))];
}

function columnsOf([a, b]: Pair, title: string): Column<Line>[] {
  const side = (index: 0 | 1, { runId, projectId }: CostReport): Column<Line> => ({
    title: a.runId === b.runId ? `${projectId}/${runId}` : `${runId}`,
    align: 'right',
    value: ({ values }) => values[index],
    show: ({ values, format }) => showValue(values[index], format),
  });
  return [
    { title, value: ({ name }) => name },
    side(0, a),
    side(1, b),
    {
      ...{ title: 'Difference', align: 'right', value: difference },
      show: (line) => showChange(difference(line), line.formatDifference ?? line.format),
    },
    {
      ...{ title: 'Relative', align: 'right', value: relativeDifference },
      show: (line) => showChange(relativeDifference(line), formatFineShare),
    },
  ];
}

function showValue(value: Line['values'][0], format: Line['format']) {
  if (typeof value === 'string') return value;
  return value === null ? <None /> : <data value={value}>{format(value)}</data>;
}

function difference({ values: [a, b] }: Line): number | null {
  return typeof a === 'number' && typeof b === 'number' ? b - a : null;
}

function relativeDifference(line: Line): number | null {
  const by = difference(line);
  const [a] = line.values;
  return by === null || typeof a !== 'number' || a === 0 || line.formatDifference ? null : by / a;
}

function showChange(by: number | null, format: Line['format']): string {
  return by === null ? '–' : formatChange(by, format);
}
