import type { Connection } from '../store/open.js';
import { listNames, type UsageFilter } from '../store/period-queries.js';
import { formatDay } from './calendar.js';
import { ReportError } from './error.js';
import type { DayRange, PeriodKind } from './period-range.js';

interface Asked extends Pick<UsageFilter, 'provider' | 'projectId' | 'model'> {
  readonly kind?: PeriodKind;
}

export function nothingRecorded(): ReportError {
  return new ReportError('nothing-metered', 'No usage has been recorded yet.');
}

/** Why there is nothing to show: an unknown name, or no usage in `range`. */
export function explainEmpty(connection: Connection, query: Asked, { since, until }: DayRange): ReportError {
  for (const [key, word] of [
    ['projectId', 'project'],
    ['model', 'model'],
    ['provider', 'provider'],
  ] as const) {
    const name = query[key];
    const known = name === undefined ? [] : listNames(connection, key);
    if (name === undefined || known.includes(name) || /[*?[]/.test(name)) continue;
    return new ReportError(
      'unknown',
      `Nothing is recorded of ${word} ${name}. There is: ${known.slice(0, 10).join(', ')}.`,
    );
  }
  const from = since === undefined ? '' : ` from ${formatDay(since)}`;
  const to = until === undefined ? '' : ` to ${formatDay(until)}`;
  if (query.kind === 'phase' && since === undefined && until === undefined) {
    return new ReportError('nothing-metered', 'Phases are of runs that were metered, and there is none of them.');
  }
  return new ReportError('nothing-in-range', `There is no such usage${from}${to}.`);
}
