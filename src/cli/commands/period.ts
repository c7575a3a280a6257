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
  const calendar = createCalendar(request.timeZone);
  const nowMs = Date.now();
  const { kind } = request;
  return showReport(request, host, paths, async (store) => {
    if (kind === 'blocks') {
      const { showBlocks } = await import('./blocks.js');
      return showBlocks(store, request, host, { calendar, nowMs });
    }
    const query = { ...request, kind, nowMs };
    const report = readSnapshot(store, (connection) => readPeriodReport(connection, query, calendar));
    if (request.format === 'json') return formatJson(toPeriodJson(report));
    return renderText(report, request, host, calendar.dayOf(nowMs));
  });
}

async function renderText(report: PeriodReport, request: PeriodRequest, host: Host, today: Day): Promise<string> {
  // What draws tables takes longer to load than a report to read.
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
