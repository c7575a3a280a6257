import { basename } from 'node:path';
import { isAlive } from '../../process/processes.js';
import { createCalendar } from '../../report/calendar.js';
import { readLiveView } from '../../report/live.js';
import { toChangeJson } from '../../report/live-changes.js';
import { SCHEMA_VERSION } from '../../report/sums-json.js';
import { listPending } from '../../store/pending.js';
import type { Question, Surroundings } from '../answers.js';
import { name } from '../parameters.js';

/**
 * The invocations that have not ended, in the format of `codex-usage watch --json`. An invocation whose processes are gone has
 * the state `pending` instead of `killed` when a pending record of it exists: the next catch-up records how it ended.
 */
export const nowQuestion: Question<{ project: string | undefined }> = {
  path: '/api/now',
  parameters: { project: name },
  answer(connection, { project }, { now, timeZone, pending }) {
    const nowMs = now();
    const calendar = createCalendar(timeZone);
    const startOfTodayMs = calendar.startOf(calendar.dayOf(nowMs));
    const view = readLiveView(connection, {
      projectId: project,
      nowMs,
      startOfTodayMs,
      calendar,
      endedWithinMs: 0,
      isAlive,
    });
    const running = view.invocations.filter(({ state }) => state !== 'ended');
    return {
      schemaVersion: SCHEMA_VERSION,
      kind: 'now',
      running: running.map((invocation) => ({
        ...toChangeJson({ kind: 'invocation', invocation }, nowMs),
        ...(invocation.state === 'killed' && isPending(invocation.row.id, pending) ? { state: 'pending' } : {}),
      })),
    };
  },
};

/** Whether a record of the invocation waits to be taken in: its file is named by the invocation's id. */
function isPending(invocationId: string, places: Surroundings['pending']): boolean {
  return places !== undefined && listPending(places).some((path) => basename(path).startsWith(`${invocationId}-`));
}
