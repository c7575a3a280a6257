import { useEffect, useState } from 'preact/hooks';
import type { BudgetLevel, RunningInvocation } from '../answers.js';
import { useAnswer, useNow } from '../ask.js';
import { formatClock, formatCompact, formatCount, formatDuration, formatShare, formatUsd } from '../format.js';
import { forecastIterations, type Iteration } from '../iterations.js';
import { Bar, Cost, Tokens, Usd } from '../parts/figures.jsx';
import { Figure, Panel, RunLink } from '../parts/layout.jsx';
import { Outcome } from '../parts/outcome.jsx';

/** Whether a process lives is recorded nowhere: so often it is asked while anything runs. */
const AGAIN_MS = 5000;

/** The invocations that have not ended, of a project or of one run, anew as Codex answers. */
export function useRunning(project: string | undefined, runId?: string): readonly RunningInvocation[] {
  const [isActive, setActive] = useState(false);
  const asked = useAnswer<{ readonly running: readonly RunningInvocation[] }>(
    '/api/now',
    { project },
    isActive ? AGAIN_MS : undefined,
  );
  const running = asked.answer?.running ?? [];
  const found = runId === undefined ? running : running.filter((one) => one.runId === runId);
  useEffect(() => setActive(found.length > 0), [found.length]);
  return found;
}

interface RunningNowProps {
  readonly running: readonly RunningInvocation[];
  /** The iterations of the run that the page shows: with them the panel says how many more the budget lasts. */
  readonly iterations?: readonly Iteration[];
}

/** What is at work at this moment; nothing at all when nothing is. */
export function RunningNow({ running, iterations }: RunningNowProps) {
  const now = useNow(running.length > 0);
  if (running.length === 0) return null;
  return (
    <Panel title="Running now" hint="It moves as Codex answers.">
      <ul class="running" aria-live="off">
        {running.map((one) => (
          <Item key={one.invocationId} of={one} now={now} iterations={iterations} />
        ))}
      </ul>
    </Panel>
  );
}

interface ItemProps {
  readonly of: RunningInvocation;
  readonly now: number;
  readonly iterations: readonly Iteration[] | undefined;
}

function Item({ of, now, iterations }: ItemProps) {
  const { projectId, phase, iteration, startedAt, state, budget } = of;
  return (
    <li class={`phase-${phase}`}>
      <div class="running-name">
        <Outcome of={{ status: 'running', exitCode: null, signal: null }} live={state} />
        <span>
          {!iterations && <RunLink of={of} />}{' '}
          <span class="faint">
            {!iterations && `${projectId} · `}
            {phase} {iteration}
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
        {budget && <Figure name={`Budget of the ${budget.scope}`}>{describeBudget(budget)}</Figure>}
      </dl>
      {budget && iterations && <Forecast budget={budget} iterations={iterations} />}
    </li>
  );
}

/** How long the budget lasts as the run goes on. */
function Forecast({ budget, iterations }: { readonly budget: BudgetLevel; readonly iterations: readonly Iteration[] }) {
  const more = forecastIterations(budget, iterations);
  if (more === undefined) return null;
  const count = more === 1 ? '1 more iteration' : `${formatCount(more)} more iterations`;
  return (
    <p class="running-forecast">
      <Bar part={budget.spent / budget.amount} label="Part of the budget that is used" />
      {more === 0
        ? 'At this pace the budget is reached before one more iteration has ended.'
        : `At this pace the budget lasts ${count}.`}
    </p>
  );
}

/** `$38.23 of $40.00 (96%)` */
export function describeBudget({ unit, amount, spent }: Pick<BudgetLevel, 'unit' | 'amount' | 'spent'>): string {
  const share = formatShare(spent / amount);
  if (unit === 'usd') return `${formatUsd(spent / 1e9)} of ${formatUsd(amount / 1e9)} (${share})`;
  return `${formatCompact(spent)} of ${formatCompact(amount)} tokens (${share})`;
}

function describeContext({ contextTokens, contextWindowTokens }: RunningInvocation): string {
  if (contextTokens === null) return '';
  return contextWindowTokens
    ? `${formatShare(contextTokens / contextWindowTokens)} full`
    : formatCompact(contextTokens);
}
