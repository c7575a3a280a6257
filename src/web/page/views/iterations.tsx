import type { InvocationEntry, ResponseEntry } from '../answers.js';
import { formatDuration, formatShare, formatUsd } from '../format.js';
import { CachedShare, Cost, Outcome, SourceBadge, Tokens } from '../parts/figures.jsx';
import { Panel } from '../parts/panel.jsx';
import { measureDuration } from './report.jsx';

const PHASES = ['builder', 'reviewer', 'chat', 'handoff', 'other'];

interface IterationsProps {
  readonly invocations: readonly InvocationEntry[];
  readonly now: number;
}

/** The iterations, one below the other, the phases of each side by side. */
export function Iterations({ invocations, now }: IterationsProps) {
  const used = new Set(invocations.map(({ phase }) => phase));
  const phases = [
    ...PHASES.filter((phase) => used.has(phase)),
    ...[...used].filter((phase) => !PHASES.includes(phase)),
  ];
  const numbers = [...new Set(invocations.map(({ iteration }) => iteration))].sort((a, b) => a - b);
  const dearest = Math.max(...invocations.map(({ costUsd }) => costUsd ?? 0), Number.MIN_VALUE);
  return (
    <Panel title="Iterations" hint="The bar of each is its part of the dearest.">
      <div class="iterations" style={{ '--phases': phases.length }}>
        <div class="iteration iteration-head" aria-hidden="true">
          <span />
          {phases.map((phase) => (
            <span key={phase} class={`phase-name phase-${phase}`}>
              {phase}
            </span>
          ))}
        </div>
        {numbers.map((number) => (
          <section key={number} class="iteration" aria-label={`Iteration ${number}`}>
            <h3>{number}</h3>
            {phases.map((phase) => (
              <div key={phase} class={`iteration-cell phase-${phase}`}>
                {invocations
                  .filter((one) => one.iteration === number && one.phase === phase)
                  .map((one) => (
                    <Invocation key={one.invocationId} of={one} now={now} dearest={dearest} />
                  ))}
              </div>
            ))}
          </section>
        ))}
      </div>
    </Panel>
  );
}

function Invocation({
  of,
  now,
  dearest,
}: {
  readonly of: InvocationEntry;
  readonly now: number;
  readonly dearest: number;
}) {
  return (
    <article class={`invocation ${of.status === 'running' ? 'moving' : ''}`} data-status={of.status}>
      <header>
        <strong>
          <Cost of={of} />
        </strong>
        <SourceBadge source={of.source} evidence={of.evidence} />
        <span class="invocation-phase">{of.phase}</span>
      </header>
      <div class="cost-bar" aria-hidden="true">
        <div class="cost-bar-fill" style={{ width: `${(100 * (of.costUsd ?? 0)) / dearest}%` }} />
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
        <Outcome of={of} />
        {of.evidence.length > 0 && <span class="faint">{of.evidence.join(', ')}</span>}
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
