import type { InvocationRow } from '../store/queries.js';
import type { InvocationStatus } from '../usage/record.js';
import { formatCount, formatDuration } from './amounts.js';
import { groupBy } from './groups.js';

const WORDS: Readonly<Record<InvocationStatus, string>> = {
  running: 'running',
  failed: 'failed',
  interrupted: 'interrupted',
  abandoned: 'abandoned',
  'over budget': 'over budget',
  completed: 'completed',
};

/** `completed`, `failed (exit 1)`, `interrupted (SIGINT)`, `over budget`, `running` */
export function describeOutcome({
  status,
  exitCode,
  signal,
}: Pick<InvocationRow, 'status' | 'exitCode' | 'signal'>): string {
  const word = WORDS[status] ?? status;
  // How Codex took being ended by us says nothing more.
  if (status === 'over budget') return word;
  if (signal !== null) return `${word} (${signal})`;
  return exitCode === null || exitCode === 0 ? word : `${word} (exit ${exitCode})`;
}

/** `1 running, 1 failed, 4 completed`: what is out of the ordinary first. */
export function describeOutcomes(statuses: readonly InvocationStatus[]): string {
  const counts = groupBy(statuses, (status) => status);
  const known = Object.keys(WORDS) as InvocationStatus[];
  const order = [...known, ...[...counts.keys()].filter((status) => !known.includes(status))];
  return order
    .flatMap((status) => {
      const count = counts.get(status)?.length ?? 0;
      return count === 0 ? [] : `${formatCount(count)} ${WORDS[status] ?? status}`;
    })
    .join(', ');
}

/** `3 completed`, or `1 of 3 completed` */
export function describeCompleted(statuses: readonly InvocationStatus[]): string {
  const completed = statuses.filter((status) => status === 'completed').length;
  const all = statuses.length === completed ? '' : ` of ${formatCount(statuses.length)}`;
  return `${formatCount(completed)}${all} completed`;
}

/** How long it took; undefined when nobody knows: it has not ended, or its end was not seen. */
export function measureDurationMs({ startedAtMs, endedAtMs }: InvocationRow): number | undefined {
  return endedAtMs === null ? undefined : Math.max(0, endedAtMs - startedAtMs);
}

/** The time that the invocations took together; with `…` when some of them still run, `-` when none is known. */
export function describeDuration(invocations: readonly InvocationRow[], nowMs: number): string {
  const known = invocations.flatMap((invocation) => measureDurationMs(invocation) ?? []);
  const running = invocations.filter(({ status, endedAtMs }) => status === 'running' && endedAtMs === null);
  const soFar = running.map(({ startedAtMs }) => Math.max(0, nowMs - startedAtMs));
  const all = [...known, ...soFar];
  if (all.length === 0) return '-';
  return formatDuration(all.reduce((a, b) => a + b, 0)) + (running.length > 0 ? '…' : '');
}
