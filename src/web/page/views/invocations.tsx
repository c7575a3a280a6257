import type { CostReport, InvocationEntry, ResponseEntry, ThreadEntry } from '../answers.js';
import { formatDuration, formatShare, formatUsd } from '../format.js';
import { nameEvidence } from '../names.js';
import { costColumn, durationColumn, modelColumn, sumColumns, timeColumn } from '../parts/columns.jsx';
import { CachedShare, CostLink, SourceBadge, Tokens } from '../parts/figures.jsx';
import { Figure, Panel, RunLink } from '../parts/layout.jsx';
import { type LiveState, Outcome } from '../parts/outcome.jsx';
import { type Column, Table, useOpened } from '../parts/table.jsx';
import { addressOfWhy } from '../why.js';

interface InvocationProps {
  readonly of: InvocationEntry;
  readonly now: number;
  /** In USD: the bar of the card is a part of it. */
  readonly dearestUsd: number;
  readonly live: LiveState | undefined;
}

/** A card with what is known of one invocation. */
export function Invocation({ of, now, dearestUsd, live }: InvocationProps) {
  const isMoving = of.status === 'running' && (live ?? 'running') === 'running';
  return (
    <article class={`invocation phase-${of.phase} ${isMoving ? 'moving' : ''}`} data-status={of.status}>
      <header>
        <strong>
          <CostLink of={of} href={addressOfWhy(of, of.iteration, of.phase)} />
        </strong>
        <SourceBadge source={of.source} evidence={of.evidence} />
        <span class="invocation-phase">{of.phase}</span>
      </header>
      <div class="cost-bar" aria-hidden="true">
        <div class="cost-bar-fill" style={{ width: `${(100 * (of.costUsd ?? 0)) / dearestUsd}%` }} />
      </div>
      <dl>
        <Figure name="In">
          <Tokens count={of.inputTokens} short />
        </Figure>
        <Figure name="Cached">
          <CachedShare of={of} />
        </Figure>
        <Figure name="Out">
          <Tokens count={of.outputTokens} short />
        </Figure>
        <Figure name="Time">{formatDuration(measureDuration(of, now))}</Figure>
      </dl>
      <p class="invocation-foot">
        <Outcome of={of} live={live} />
        {of.evidence.length > 0 && <span class="faint">{nameEvidence(of.evidence)}</span>}
      </p>
      <SubAgents of={of} />
    </article>
  );
}

function SubAgents({ of }: { readonly of: InvocationEntry }) {
  if (of.childThreadIds.length === 0) return null;
  const children = of.childThreadIds.map((id) => {
    const responses = of.responses.filter(({ threadId }) => threadId === id);
    const sum = (read: (response: ResponseEntry) => number | null) =>
      responses.reduce((total, one) => total + (read(one) ?? 0), 0);
    return {
      id,
      costUsd: sum(({ costUsd }) => costUsd),
      input: sum(({ inputTokens }) => inputTokens),
      output: sum(({ outputTokens }) => outputTokens),
      models: [...new Set(responses.map(({ model }) => model))].join(', '),
    };
  });
  const cost = children.reduce((sum, { costUsd }) => sum + costUsd, 0);
  return (
    <details class="sub-agents">
      <summary>
        {children.length === 1 ? '1 sub-agent' : `${children.length} sub-agents`}
        {of.costUsd ? `, ${formatShare(cost / of.costUsd)} of its cost` : ''}
      </summary>
      <ul>
        {children.map(({ id, costUsd, input, output, models }) => (
          <li key={id}>
            <code title={id}>{id.slice(0, 13)}</code> {formatUsd(costUsd)} · <Tokens count={input} short /> in ·{' '}
            <Tokens count={output} short /> out · {models}
          </li>
        ))}
      </ul>
    </details>
  );
}

/** Also of what still runs: until now. */
export function measureDuration({ durationMs, status, startedAt }: InvocationEntry, now: number): number {
  return durationMs ?? (status === 'running' ? Math.max(0, now - Date.parse(startedAt)) : 0);
}

interface InvocationsProps {
  readonly report: CostReport;
  readonly now: number;
  readonly live: ReadonlyMap<string, LiveState>;
}

/** One row for each invocation, which opens into its card. */
export function Invocations({ report: { kind, invocations, ...report }, now, live }: InvocationsProps) {
  const opened = useOpened();
  if (invocations.length === 0) return null;
  const dearestUsd = Math.max(...invocations.map(({ costUsd }) => costUsd ?? 0), Number.MIN_VALUE);
  return (
    <Panel title="Every invocation" hint="Sub-agents and reviews are counted with the invocation that started them.">
      <Table
        name={`${kind} ${report.runId ?? report.threadId}`}
        columns={columnsOf(now, kind, live)}
        rows={invocations.length > FIRST ? [...invocations].reverse() : invocations}
        keyOf={({ invocationId }) => invocationId}
        first={FIRST}
        details={{
          ...opened,
          show: (one) => (
            <div class="iteration">
              <Invocation of={one} now={now} dearestUsd={dearestUsd} live={live.get(one.invocationId)} />
            </div>
          ),
        }}
      />
    </Panel>
  );
}

/** More invocations than that begin with the newest one, and are shown so many at first. */
const FIRST = 20;

function columnsOf(
  now: number,
  kind: CostReport['kind'],
  live: ReadonlyMap<string, LiveState>,
): Column<InvocationEntry>[] {
  const run: Column<InvocationEntry> = { title: 'Run', value: (one) => one.runId, show: (one) => <RunLink of={one} /> };
  return [
    { title: 'Invocation', value: (one) => `${one.phase} ${one.iteration}` },
    costColumn((one) => addressOfWhy(one, one.iteration, one.phase)),
    ...(kind === 'session' ? [run] : []),
    modelColumn(({ models }) => models.map(({ model }) => model)),
    ...sumColumns<InvocationEntry>(),
    {
      title: 'Evidence',
      value: (one) => one.evidence.join(' ') || null,
      show: (one) => nameEvidence(one.evidence) || '–',
    },
    durationColumn((one) => measureDuration(one, now)),
    {
      title: 'Outcome',
      value: (one) => one.status,
      show: (one) => <Outcome of={one} live={live.get(one.invocationId)} />,
    },
  ];
}

/** The threads of a session that were read from history: no metered invocation caused their responses. */
export function Unmetered({ threads }: { readonly threads: readonly ThreadEntry[] }) {
  if (threads.length === 0) return null;
  return (
    <Panel title="Read from session files" hint="What no metered invocation caused, thread by thread.">
      <Table name="Threads" columns={THREAD_COLUMNS} rows={threads} keyOf={({ threadId }) => threadId} />
    </Panel>
  );
}

const THREAD_COLUMNS: readonly Column<ThreadEntry>[] = [
  {
    title: 'Thread',
    value: ({ threadId }) => threadId,
    show: ({ threadId }) => <code title={threadId}>{threadId.slice(0, 13)}</code>,
  },
  costColumn(),
  { title: 'Kind', value: ({ threadKind }) => threadKind },
  timeColumn('Latest response', ({ lastResponseAt }) => lastResponseAt),
  modelColumn(({ models }) => models.map(({ model }) => model)),
  ...sumColumns<ThreadEntry>(),
];
