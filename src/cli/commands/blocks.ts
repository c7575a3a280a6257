import { readBlocks } from '../../report/blocks.js';
import { toBlocksJson } from '../../report/blocks-json.js';
import { renderBlocksText } from '../../report/blocks-text.js';
import type { Calendar } from '../../report/calendar.js';
import { createClock } from '../../report/clock.js';
import { readSnapshot } from '../../store/queries.js';
import type { Store } from '../../store/store.js';
import type { Host } from './host.js';
import { describeLook } from './look.js';
import type { PeriodRequest } from './period-options.js';
import { formatJson } from './show.js';

interface Now {
  readonly calendar: Calendar;
  readonly nowMs: number;
}

/** How many windows are shown when nothing says which. */
const BLOCKS = 20;

/** The windows that `request` asks for, as text or JSON. */
export function showBlocks(store: Store, request: PeriodRequest, host: Host, { calendar, nowMs }: Now): string {
  const { since, until, last } = request;
  const shown = last ?? (since === undefined && until === undefined ? BLOCKS : undefined);
  const query = { ...request, last: shown, nowMs };
  const report = readSnapshot(store, (connection) => readBlocks(connection, query, calendar));
  if (request.format === 'json') return formatJson(toBlocksJson(report));
  const clock = createClock(request.timeZone);
  return renderBlocksText(report, { ...request, ...describeLook(request, host), clock });
}
