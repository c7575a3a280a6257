import { addressOf } from '../address.js';
import type { CostReport, InvocationEntry, ResponseEntry } from '../answers.js';
import { nameEvidence } from '../evidence.js';
import { formatDuration, formatShare, formatUsd } from '../format.js';
import { sumColumns } from '../parts/columns.jsx';
import { CachedShare, CostLink, type LiveState, Outcome, SourceBadge, Tokens } from '../parts/figures.jsx';
import { Link } from '../parts/link.jsx';
import { Panel } from '../parts/panel.jsx';
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
        <div>
          <dt>In</dt>
          <dd>
            <Tokens count={of.inputTokens} short />
          </dd>
        </div>
        <div>
          <dt>Cached</dt>
          <dd>
            <CachedShare of={of} />
          </dd>
        </div>
        <div>
          <dt>Out</dt>
          <dd>
            <Tokens count={of.outputTokens} short />
          </dd>
        </div>
        <div>
          <dt>Time</dt>
          <dd>{formatDuration(measureDuration(of, now))}</dd>
        </div>
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
  const children = of.childThreadIds.map((id) => ({
    id,
    responses: of.responses.filter(({ threadId }) => threadId === id),
  }));
  const cost = sumCost(children.flatMap(({ responses }) => responses));
  const part = of.costUsd ? `, ${formatShare(cost / of.costUsd)} of its cost` : '';
  return (
    <details class="sub-agents">
      <summary>
        {children.length === 1 ? '1 sub-agent' : `${children.length} sub-agents`}
        {part}
      </summary>
      <ul>
        {children.map(({ id, responses }) => (
          <li key={id}>
            <code title={id}>{id.slice(0, 13)}</code> {formatUsd(sumCost(responses))} ·{' '}
            <Tokens count={responses.reduce((sum, one) => sum + one.inputTokens, 0)} short /> in ·{' '}
            <Tokens count={responses.reduce((sum, one) => sum + one.outputTokens, 0)} short /> out ·{' '}
            {[...new Set(responses.map(({ model }) => model))].join(', ')}
          </li>
        ))}
      </ul>
    </details>
  );
}

function sumCost(responses: readonly ResponseEntry[]): number {
  return responses.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);
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
  const [cost, ...sums] = sumColumns<InvocationEntry>((one) => addressOfWhy(one, one.iteration, one.phase));
  return [
    {
      key: 'iteration',
      title: 'Invocation',
      value: (one) => `${one.phase} ${one.iteration}`,
    },
    ...(cost ? [cost] : []),
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
    ...sums,
    {
      key: 'evidence',
      title: 'Evidence',
      value: (one) => one.evidence.join(' ') || null,
      show: (one) => nameEvidence(one.evidence) || '–',
    },
    {
      key: 'duration',
      title: 'Time',
      unit: 'seconds',
      align: 'right',
      value: (one) => measureDuration(one, now) / 1000,
      show: (one) => formatDuration(measureDuration(one, now)),
    },
    {
      key: 'outcome',
      title: 'Outcome',
      value: (one) => one.status,
      show: (one) => <Outcome of={one} live={live.get(one.invocationId)} />,
    },
  ];
}
