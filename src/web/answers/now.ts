import { isAlive } from '../../process/processes.js';
import { createCalendar } from '../../report/calendar.js';
import { readLiveView } from '../../report/live.js';
import { toChangeJson } from '../../report/live-changes.js';
import { SCHEMA_VERSION } from '../../report/sums-json.js';
import type { Question } from '../answers.js';
import { name } from '../parameters.js';

/** What runs now, as `codex-usage watch --json` tells it. */
export const nowQuestion: Question<{ project: string | undefined }> = {
  path: '/api/now',
  parameters: { project: name },
  answer(connection, { project }, { now, timeZone }) {
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
      running: running.map((invocation) => toChangeJson({ kind: 'invocation', invocation }, nowMs)),
    };
  },
};
