import type { Paths } from '../../config/paths.js';
import { createCalendar, type Day } from '../../report/calendar.js';
import { toPeriodJson } from '../../report/period-json.js';
import { type PeriodReport, readPeriodReport } from '../../report/period-report.js';
import { readSnapshot } from '../../store/queries.js';
import type { Host } from './host.js';
import { describeLook } from './look.js';
import type { PeriodRequest } from './period-options.js';
import { formatJson, showReport } from './show.js';

/** Writes the report over time that `request` asks for to the host. Returns the exit code: 1 when there is nothing to show. */
export function runPeriodCommand(request: PeriodRequest, host: Host, paths: Paths): Promise<number> {
  return showReport(request, host, paths, async (store) => {
    const calendar = createCalendar(request.timeZone);
    const query = { ...request, nowMs: Date.now() };
    const report = readSnapshot(store, (connection) => readPeriodReport(connection, query, calendar));
    return request.format === 'json'
      ? formatJson(toPeriodJson(report))
      : renderText(report, request, host, calendar.dayOf(query.nowMs));
  });
}

async function renderText(report: PeriodReport, request: PeriodRequest, host: Host, today: Day): Promise<string> {
  const { renderPeriodText } = await import('../../report/period-text.js');
  return renderPeriodText(report, {
    ...request,
    ...describeLook(request, host),
    today,
    filters: describeFilters(request),
  });
}

function describeFilters({ provider, projectId, model }: PeriodRequest): string[] {
  return [
    ...(provider === undefined ? [] : [`only ${provider}`]),
    ...(projectId === undefined ? [] : [`project ${projectId}`]),
    ...(model === undefined ? [] : [`model ${model}`]),
  ];
}
