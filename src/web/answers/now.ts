import { isAlive } from '../../process/processes.js';
import { createCalendar } from '../../report/calendar.js';
import { readLiveView } from '../../report/live.js';
import { toChangeJson } from '../../report/live-changes.js';
import { SCHEMA_VERSION } from '../../report/sums-json.js';
import { listPendingInvocations } from '../../store/pending.js';
import type { Question } from '../answers.js';
import { name } from '../parameters.js';

/** The invocations that have not ended, in the format of `codex-usage watch --json`. */
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
      isPending: (id) => pending !== undefined && listPendingInvocations(pending).has(id),
    });
    const running = view.invocations.filter(({ state }) => state !== 'ended');
    return {
      schemaVersion: SCHEMA_VERSION,
      kind: 'now',
      running: running.map((invocation) => toChangeJson({ kind: 'invocation', invocation }, nowMs)),
    };
  },
};
