import { accessSync, constants, existsSync } from 'node:fs';
import { listEstimatesBeside, mayStillCome } from './mirror-estimates.js';
import { explainMissingProject, findPlace, readMirrorable } from './mirror-place.js';
import type { MirrorEntry } from './mirror-queue.js';
import { explainTargetFault, keyOfTarget, type Target, withTarget } from './mirror-target.js';
import { findLost, listTargets, readMirrored } from './mirrored.js';
import { readRow, readRows } from './sql.js';
import type { Store } from './store.js';

/** How it stands with another program's table of cost records. */
export interface MirrorStatus {
  readonly path: string;
  /** Why it cannot be used; undefined where it can. */
  readonly problem: string | undefined;
  /** The invocations that stand there. */
  readonly invocations: number;
  /** How many of them took the place of a row of that program's own. */
  readonly replaced: number;
  /** Those that were taken out again. */
  readonly undone: number;
  /** That program's own rows beside ours: its sums count these twice. */
  readonly beside: number;
  /** Those that it had and has no more. */
  readonly lost: number;
  readonly unpriced: readonly { readonly model: string; readonly responses: number }[];
  /** What is to be written there and cannot be yet, by the reason. */
  readonly waiting: readonly { readonly reason: string; readonly invocations: number }[];
}

/** How it stands with each table that is set, or that something stands in or waits for. */
export function readMirrorStatuses(
  store: Store,
  costRecords: string | undefined,
  queued: readonly MirrorEntry[],
): MirrorStatus[] {
  const set = costRecords === undefined ? [] : [costRecords];
  const paths = [...set, ...queued.map(({ path }) => path), ...listTargets(store.connection)].map(keyOfTarget);
  return [...new Set(paths)].map((path) => {
    const entries = queued.filter((entry) => keyOfTarget(entry.path) === path);
    return readStatus(store, path, entries);
  });
}

function readStatus(store: Store, path: string, entries: readonly MirrorEntry[]): MirrorStatus {
  const counts = readCounts(store, path);
  const waitFor = (explain: (entry: MirrorEntry) => string) => countReasons(entries.map(explain));
  try {
    if (existsSync(path)) accessSync(path, constants.W_OK);
    return withTarget(path, 'read', (target) => ({
      ...{ path, problem: undefined, ...counts },
      beside: listEstimatesBeside(store.connection, target).length,
      lost: findLost(store, path).length,
      waiting: waitFor((entry) => explainWait(store, target, entry)),
    }));
  } catch (error) {
    const { reason } = explainTargetFault(error);
    return { path, problem: reason, ...counts, beside: 0, lost: 0, waiting: waitFor(() => reason) };
  }
}

function readCounts({ connection }: Store, target: string) {
  type Counts = Pick<MirrorStatus, 'invocations' | 'replaced' | 'undone'>;
  const unpriced = readRows<MirrorStatus['unpriced'][number]>(connection, UNPRICED, [target]);
  return { ...(readRow(connection, COUNTS, [target]) as Counts), unpriced };
}

const COUNTS = `
  SELECT count(*) FILTER (WHERE state = 'written') AS invocations, count(*) FILTER (WHERE state = 'undone') AS undone,
    count(*) FILTER (WHERE state = 'written' AND estimate_id IS NOT NULL) AS replaced
  FROM mirrored WHERE target = ?`;

const UNPRICED = `
  SELECT c.model, sum(c.unpriced_responses) AS responses
  FROM mirrored m JOIN cost_records c ON c.invocation_id = m.invocation_id
  WHERE m.target = ? AND m.state = 'written' AND c.unpriced_responses > 0 GROUP BY c.model ORDER BY 2 DESC`;

function explainWait({ connection }: Store, target: Target, { invocationId }: MirrorEntry): string {
  const invocation = readMirrorable(connection, invocationId);
  if (!invocation) return 'they are not recorded yet';
  if (invocation.status === 'running') return 'they still run';
  const place = findPlace(target, invocation, Date.now());
  const missing = explainMissingProject(target, place, invocation);
  if (missing !== undefined) return missing;
  if (place.run === 'due') return `it has no run "${invocation.runId}" yet`;
  const { endedAtMs } = invocation;
  const isThere = readMirrored(connection, target.key, invocationId) !== undefined;
  if (isThere && endedAtMs !== null && mayStillCome(endedAtMs, Date.now())) {
    return 'they are there, and its own rows for them may still come';
  }
  return 'the next command tries them again';
}

function countReasons(reasons: readonly string[]): MirrorStatus['waiting'] {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const counted = [...counts].map(([reason, invocations]) => ({ reason, invocations }));
  return counted.sort((a, b) => b.invocations - a.invocations);
}
