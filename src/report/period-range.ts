import type { Connection } from '../store/open.js';
import { listNames, type UsageFilter } from '../store/period-queries.js';
import { type Calendar, type Day, formatDay, startOfMonth, startOfWeek } from './calendar.js';
import { ReportError } from './error.js';
import { assertTags } from './tags.js';

/** What each row of a report over time stands for. */
export type PeriodKind = 'daily' | 'weekly' | 'monthly' | 'model' | 'project' | 'phase' | TagKind | TeamKind;

/** The reports by a tag: by branch, by pull request, and by the values of any other key. */
export type TagKind = 'branch' | 'pr' | 'tag';

/** The reports by whose usage it is. `team`: the label of that name. */
export type TeamKind = 'user' | 'machine' | 'team';

/** Which days a report covers, as the reader asks for them. */
export interface RangeWish {
  readonly kind: PeriodKind;
  /** The first day. */
  readonly since?: Day | undefined;
  /** The last day, inclusive. */
  readonly until?: Day | undefined;
  /** How many days, weeks or months up to `until` or today; days for the reports that are not over time. */
  readonly last?: number | undefined;
  /** 0 is Sunday. */
  readonly firstWeekday: number;
}

/** Both days are inclusive; undefined means no limit. */
export interface DayRange {
  readonly since: Day | undefined;
  readonly until: Day | undefined;
}

export function isByTag(kind: PeriodKind): kind is TagKind {
  return kind === 'branch' || kind === 'pr' || kind === 'tag';
}

export function isByTeam(kind: PeriodKind): kind is TeamKind {
  return kind === 'user' || kind === 'machine' || kind === 'team';
}

export function isOverTime(kind: PeriodKind): boolean {
  return kind === 'daily' || kind === 'weekly' || kind === 'monthly';
}

export function resolveRange({ kind, since, until, last, firstWeekday }: RangeWish, today: Day): DayRange {
  if (last === undefined) return { since, until };
  const end = until ?? today;
  switch (kind) {
    case 'weekly':
      return { since: startOfWeek(end, firstWeekday) - 7 * (last - 1), until: end };
    case 'monthly':
      return { since: startOfMonth(end, 1 - last), until: end };
    case 'daily':
    case 'model':
    case 'project':
    case 'phase':
    case 'branch':
    case 'pr':
    case 'tag':
    case 'user':
    case 'machine':
    case 'team':
      return { since: end - last + 1, until: end };
  }
}

/** Returns the moments at which the range begins and ends. `untilMs` is exclusive. */
export function toMoments({ since, until }: DayRange, calendar: Calendar) {
  return {
    fromMs: since === undefined ? undefined : calendar.startOf(since),
    untilMs: until === undefined ? undefined : calendar.startOf(until + 1),
  };
}

interface Asked extends Pick<UsageFilter, 'provider' | 'projectId' | 'model' | 'tags'> {
  readonly kind?: PeriodKind;
}

export function nothingRecorded(): ReportError {
  return new ReportError('nothing-metered', 'No usage has been recorded yet.');
}

/** Explains why there is nothing to show: a name is unknown, or there is no usage on the days of the range. */
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
  assertTags(connection, query.tags);
  const from = since === undefined ? '' : ` from ${formatDay(since)}`;
  const to = until === undefined ? '' : ` to ${formatDay(until)}`;
  if (query.kind === 'phase' && since === undefined && until === undefined) {
    return new ReportError('nothing-metered', 'Phases are of runs that were metered, and there is none of them.');
  }
  return new ReportError('nothing-in-range', `There is no such usage${from}${to}.`);
}
