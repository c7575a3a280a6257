import type { InvocationRow } from '../store/queries.js';
import type { InvocationStatus } from '../usage/record.js';
import { formatCount, formatDuration } from './amounts.js';
import { groupBy } from './groups.js';
import type { Style } from './paint.js';

/** `brief`: for a narrow table, without exit codes, signals and nouns. */
export type OutcomeExtent = 'full' | 'brief';

/** Every status in the order in which a list names them: first what is out of the ordinary. */
const WORDS: Readonly<Record<InvocationStatus, string>> = {
  running: 'running',
  failed: 'failed',
  interrupted: 'interrupted',
  abandoned: 'abandoned',
  'over budget': 'over budget',
  completed: 'completed',
};

export const STATUS_STYLES: Readonly<Partial<Record<InvocationStatus, Style>>> = {
  failed: 'red',
  interrupted: 'yellow',
  abandoned: 'yellow',
  'over budget': 'yellow',
};

/** `completed`, `failed (exit 1)`, `interrupted (SIGINT)`, `over budget`, `running` */
export function describeOutcome(
  { status, exitCode, signal }: Pick<InvocationRow, 'status' | 'exitCode' | 'signal'>,
  extent: OutcomeExtent = 'full',
): string {
  const word = WORDS[status] ?? status;
  // How Codex took being ended by us says nothing more.
  if (extent === 'brief' || status === 'over budget') return word;
  if (signal !== null) return `${word} (${signal})`;
  return exitCode === null || exitCode === 0 ? word : `${word} (exit ${exitCode})`;
}

/** `1 running, 1 failed, 4 completed`. Brief: only what is most out of the ordinary, `1 of 6 running`. */
export function describeOutcomes(statuses: readonly InvocationStatus[], extent: OutcomeExtent = 'full'): string {
  const counts = groupBy(statuses, (status) => status);
  const known = Object.keys(WORDS) as InvocationStatus[];
  const order = [...known, ...[...counts.keys()].filter((status) => !known.includes(status))];
  const outcomes = order.flatMap((status) => {
    const count = counts.get(status)?.length ?? 0;
    return count === 0 ? [] : { count, word: WORDS[status] ?? status };
  });
  const [first] = outcomes;
  if (extent === 'brief' && first && outcomes.length > 1) {
    return `${formatCount(first.count)} of ${formatCount(statuses.length)} ${first.word}`;
  }
  return outcomes.map(({ count, word }) => `${formatCount(count)} ${word}`).join(', ');
}

/** `3 completed`, or `1 of 3 completed`. Brief: `3 of 3`, `1 of 3`. */
export function describeCompleted(statuses: readonly InvocationStatus[], extent: OutcomeExtent = 'full'): string {
  const completed = statuses.filter((status) => status === 'completed').length;
  const share = `${formatCount(completed)} of ${formatCount(statuses.length)}`;
  if (extent === 'brief') return share;
  return `${completed === statuses.length ? formatCount(completed) : share} completed`;
}

/** Returns how long an invocation took, or undefined when it has not ended or its end was not seen. */
export function measureDurationMs({ startedAtMs, endedAtMs }: InvocationRow): number | undefined {
  return endedAtMs === null ? undefined : Math.max(0, endedAtMs - startedAtMs);
}

/** Returns how long the invocations took together. Those that run count with their time so far. */
export function sumDurationsMs(invocations: readonly InvocationRow[], nowMs: number): number | undefined {
  const times = invocations.flatMap((invocation) => {
    return measureDurationMs(invocation) ?? (isRunning(invocation) ? Math.max(0, nowMs - invocation.startedAtMs) : []);
  });
  return times.length === 0 ? undefined : times.reduce((a, b) => a + b, 0);
}

/** The time that the invocations took together: with `…` when some still run, `-` when none is known. */
export function describeDuration(invocations: readonly InvocationRow[], nowMs: number): string {
  const sum = sumDurationsMs(invocations, nowMs);
  if (sum === undefined) return '-';
  return formatDuration(sum) + (invocations.some(isRunning) ? '…' : '');
}

function isRunning({ status, endedAtMs }: InvocationRow): boolean {
  return status === 'running' && endedAtMs === null;
}
