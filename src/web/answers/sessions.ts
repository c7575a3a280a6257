import { createCalendar, type Day } from '../../report/calendar.js';
import { toFigures } from '../../report/figures.js';
import { toMoments } from '../../report/period-range.js';
import { SCHEMA_VERSION, toIso, toSumsJson } from '../../report/sums-json.js';
import { readCostliestSessions } from '../../store/session-queries.js';
import type { Provider } from '../../usage/provider.js';
import type { Question } from '../answers.js';
import { count, day, name, provider, TAG_PARAMETERS, type TagQuery, timeZone, toWantedTags } from '../parameters.js';

interface SessionsQuery extends TagQuery {
  readonly provider: Provider | undefined;
  readonly project: string | undefined;
  readonly model: string | undefined;
  readonly text: string | undefined;
  readonly since: Day | undefined;
  readonly until: Day | undefined;
  readonly timezone: string | undefined;
  readonly last: number;
}

/** The sessions that cost most. What a session used of other days, models or providers than are asked for is left out. */
export const sessionsQuestion: Question<SessionsQuery> = {
  path: '/api/sessions',
  parameters: {
    provider,
    project: name,
    model: name,
    text: name,
    since: day,
    until: day,
    timezone: timeZone,
    last: count(50, 1000),
    ...TAG_PARAMETERS,
  },
  answer(connection, { project, last, since, until, timezone, ...query }, surroundings) {
    const calendar = createCalendar(timezone ?? surroundings.timeZone);
    const moments = toMoments({ since, until }, calendar);
    const rows = readCostliestSessions(connection, {
      ...query,
      projectId: project,
      tags: toWantedTags(query),
      ...moments,
      limit: last,
    });
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
        ...toSumsJson(toFigures(row, { models: row.models, sources: row.sources, evidence: [] })),
      })),
    };
  },
};
