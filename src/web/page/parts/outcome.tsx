import { BUDGET_EXIT_CODE } from '../../../usage/budget.js';
import type { InvocationEntry, RunningInvocation } from '../answers.js';

const OUTCOME_SHAPES = {
  running: '●',
  completed: '✓',
  failed: '✕',
  interrupted: '■',
  abandoned: '?',
  'over budget': '■',
} as const;

export type LiveState = RunningInvocation['state'];

/** What is said of an invocation that the record calls running, by what its processes do. */
const LIVE_STATES: Readonly<Record<LiveState, string>> = {
  running: 'running',
  unmetered: 'its meter was killed: the figures stand still',
  killed: 'was killed: it is settled within a minute',
  pending: 'has ended: its record is taken in within a minute',
};

interface OutcomeProps {
  readonly of: Pick<InvocationEntry, 'status' | 'exitCode' | 'signal'>;
  /** Of an invocation that the record calls running. */
  readonly live?: LiveState | undefined;
}

/** `✓ completed`, `✕ failed (exit 1)`, `■ over budget` */
export function Outcome({ of: { status, exitCode, signal }, live = 'running' }: OutcomeProps) {
  const detail = signal !== null ? ` (${signal})` : exitCode ? ` (exit ${exitCode})` : '';
  const shape = status === 'running' && live !== 'running' ? '◌' : (OUTCOME_SHAPES[status] ?? '·');
  const text = exitCode === BUDGET_EXIT_CODE ? 'over budget' : `${status}${detail}`;
  return (
    <span class={`outcome outcome-${status.replaceAll(' ', '-')} ${live === 'running' ? '' : 'outcome-still'}`}>
      <Shape>{shape}</Shape>
      {status === 'running' ? LIVE_STATES[live] : text}
    </span>
  );
}

/** The shape beside an outcome, which a screen reader passes over. */
export function Shape({ children }: { readonly children: string }) {
  return (
    <span class="outcome-shape" aria-hidden="true">
      {children}
    </span>
  );
}
