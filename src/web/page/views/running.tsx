import type { ComponentChildren } from 'preact';
import { addressOf } from '../address.js';
import type { Now, RunningInvocation } from '../answers.js';
import { useAnswer } from '../ask.js';
import { formatClock, formatCompact, formatDuration, formatShare } from '../format.js';
import { useNow } from '../live.js';
import { Cost, Tokens, Usd } from '../parts/figures.jsx';
import { Link } from '../parts/link.jsx';
import { Panel } from '../parts/panel.jsx';

const STATES: Readonly<Record<RunningInvocation['state'], string>> = {
  running: 'running',
  unmetered: 'its meter was killed: the figures stand still',
  killed: 'was killed: it is settled within a minute',
};

/** What is at work at this moment; nothing at all when nothing is. */
export function RunningNow({ project }: { readonly project: string | undefined }) {
  const running = useAnswer<Now>('/api/now', { project }).answer?.running ?? [];
  const now = useNow(running.length > 0);
  if (running.length === 0) return null;
  return (
    <Panel title="Running now" hint="It moves as Codex answers.">
      <ul class="running" aria-live="off">
        {running.map((one) => (
          <Item key={one.invocationId} of={one} now={now} />
        ))}
      </ul>
    </Panel>
  );
}

function Item({ of, now }: { readonly of: RunningInvocation; readonly now: number }) {
  const { projectId, runId, phase, iteration, startedAt, state } = of;
  return (
    <li class={`phase-${phase}`}>
      <div class="running-name">
        <span class="outcome-running">
          <span class="outcome-shape" aria-hidden="true">
            ●
          </span>{' '}
          {STATES[state]}
        </span>
        <span>
          <Link href={addressOf('/run', { id: runId, project: projectId })}>{runId}</Link>{' '}
          <span class="faint">
            {projectId} · {phase} {iteration}
          </span>
        </span>
      </div>
      <dl>
        <Figure name="Cost">
          <Cost of={of} />
        </Figure>
        <Figure name="Per minute">
          <Usd usd={of.costPerMinuteUsd} />
        </Figure>
        <Figure name="In">
          <Tokens count={of.inputTokens} short />
        </Figure>
        <Figure name="Out">
          <Tokens count={of.outputTokens} short />
        </Figure>
        <Figure name="Time">
          <time dateTime={startedAt} title={`since ${formatClock(Date.parse(startedAt))}`}>
            {formatDuration(Math.max(0, now - Date.parse(startedAt)))}
          </time>
        </Figure>
        {of.contextTokens !== null && <Figure name="Context">{describeContext(of)}</Figure>}
        {of.budget && <Figure name="Budget">{formatShare(of.budget.spent / of.budget.amount)} used</Figure>}
      </dl>
    </li>
  );
}

function Figure({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function describeContext({ contextTokens, contextWindowTokens }: RunningInvocation): string {
  if (contextTokens === null) return '';
  return contextWindowTokens
    ? `${formatShare(contextTokens / contextWindowTokens)} full`
    : formatCompact(contextTokens);
}
