import { createCalendar } from '../../report/calendar.js';
import { toFigures } from '../../report/figures.js';
import { toMoments } from '../../report/period-range.js';
import { SCHEMA_VERSION, toIso, toSumsJson } from '../../report/sums-json.js';
import { readCostliestSessions } from '../../store/session-queries.js';
import type { Provider } from '../../usage/provider.js';
import type { Question } from '../answers.js';
import { LIST_PARAMETERS, type ListQuery, provider, toWantedTags } from '../parameters.js';

/** The sessions that cost most. What a session used of other days, models or providers than are asked for is left out. */
export const sessionsQuestion: Question<ListQuery & { readonly provider: Provider | undefined }> = {
  path: '/api/sessions',
  parameters: { provider, ...LIST_PARAMETERS },
  answer(connection, { project, last, since, until, timezone, ...query }, surroundings) {
    const moments = toMoments({ since, until }, createCalendar(timezone ?? surroundings.timeZone));
    const filter = { ...query, ...moments, projectId: project, tags: toWantedTags(query) };
    const rows = readCostliestSessions(connection, { ...filter, limit: last });
    return {
      schemaVersion: SCHEMA_VERSION,
      kind: 'costliest-sessions',
      sessions: rows.map((row) => ({
        threadId: row.sessionId,
        providers: row.providers,
        projectIds: row.projectIds,
        threadCount: row.threadCount,
        invocationCount: row.invocationCount,
        firstResponseAt: toIso(row.firstResponseAtMs),
        lastResponseAt: toIso(row.lastResponseAtMs),
        ...toSumsJson(toFigures(row)),
      })),
    };
  },
};
