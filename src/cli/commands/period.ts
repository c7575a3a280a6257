import type { Paths } from '../../config/paths.js';
import { readBlocks } from '../../report/blocks.js';
import { toBlocksJson } from '../../report/blocks-json.js';
import { renderBlocksText } from '../../report/blocks-text.js';
import { type Calendar, createCalendar, type Day } from '../../report/calendar.js';
import { createClock } from '../../report/clock.js';
import { toPeriodJson } from '../../report/period-json.js';
import { type PeriodReport, readPeriodReport } from '../../report/period-report.js';
import { renderPeriodText } from '../../report/period-text.js';
import { readSnapshot } from '../../store/queries.js';
import type { Store } from '../../store/store.js';
import type { Host } from './host.js';
import { describeLook } from './look.js';
import type { PeriodRequest } from './period-options.js';
import { formatJson, showReport } from './show.js';

/** Writes the report over time that `request` asks for to the host. Returns the exit code: 1 when there is nothing to show. */
export function runPeriodCommand(request: PeriodRequest, host: Host, paths: Paths): Promise<number> {
  const calendar = createCalendar(request.timeZone);
  const nowMs = Date.now();
  const { kind } = request;
  return showReport(request, host, paths, (store) => {
    if (kind === 'blocks') return showBlocks(store, request, host, { calendar, nowMs });
    const query = { ...request, kind, nowMs };
    const report = readSnapshot(store, (connection) => readPeriodReport(connection, query, calendar));
    if (request.format === 'json') return formatJson(toPeriodJson(report));
    return renderText(report, request, host, calendar.dayOf(nowMs));
  });
}

interface Now {
  readonly calendar: Calendar;
  readonly nowMs: number;
}

/** How many windows are shown when nothing says which. */
const BLOCKS = 20;

function showBlocks(store: Store, request: PeriodRequest, host: Host, { calendar, nowMs }: Now): string {
  const { since, until, last } = request;
  const shown = last ?? (since === undefined && until === undefined ? BLOCKS : undefined);
  const query = { ...request, last: shown, nowMs };
  const report = readSnapshot(store, (connection) => readBlocks(connection, query, calendar));
  if (request.format === 'json') return formatJson(toBlocksJson(report));
  const clock = createClock(request.timeZone);
  return renderBlocksText(report, { ...request, ...describeLook(request, host), clock });
}

function renderText(report: PeriodReport, request: PeriodRequest, host: Host, today: Day): string {
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
