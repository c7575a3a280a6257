import { withTarget } from './mirror-target.js';
import { listMirrored } from './mirrored.js';
import type { Store } from './store.js';

/** What was written a moment ago may be on its way there. */
const SETTLED_MS = 60_000;

/**
 * The invocations that the database at `path` had and has no more, because it was restored from a backup or made anew: from
 * the newest one back to the first that is there as it was left. One of a project that it does not have any more is not
 * missed. Throws where it cannot be read.
 */
export function findLost(store: Store, path: string): string[] {
  return withTarget(path, 'read', (target) => {
    const { connection, key } = target;
    const hasRow = connection
      .prepare<[string, string], number>(
        'SELECT 1 FROM cost_records WHERE id >= ? AND id < ? || char(0x10FFFF) LIMIT 1',
      )
      .pluck();
    const hasEstimate = connection
      .prepare<[string], number>('SELECT 1 FROM cost_records WHERE id = ? AND is_actual = 0')
      .pluck();
    const projects = target.projects.has('id') ? connection.prepare('SELECT 1 FROM projects WHERE id = ?') : undefined;
    const lost: string[] = [];
    for (const { invocationId, projectId, estimateId } of listMirrored(
      store.connection,
      key,
      Date.now() - SETTLED_MS,
    )) {
      if (projects && !projects.get(projectId)) continue;
      const isBack = estimateId !== null && hasEstimate.get(estimateId) !== undefined;
      if (hasRow.get(`${invocationId}/`, `${invocationId}/`) && !isBack) break;
      lost.push(invocationId);
    }
    return lost;
  });
}
