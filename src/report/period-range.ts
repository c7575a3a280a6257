import type { Connection } from '../store/open.js';
import { listNames, type UsageFilter } from '../store/period-queries.js';
import { type Calendar, type Day, formatDay, startOfMonth, startOfWeek } from './calendar.js';
import { ReportError } from './error.js';
import { assertTags } from './tags.js';

export interface KindFacts {
  readonly by: 'time' | 'name' | 'tag' | 'team';
  /** What of a sum names its entry. Undefined where its day does. */
  readonly cell?: 'model' | 'projectId' | 'phase' | 'tag';
  /** What an entry stands for: in the title of the report, and in the heading of its column. */
  readonly words: readonly [subject: string, heading: string];
  /** In JSON, the field of the report that holds its entries, and that of an entry which names it. */
  readonly json: readonly [entries: string, key: string];
}

const TIME = { by: 'time' } as const;
const TAG = { by: 'tag', cell: 'tag' } as const;
const TEAM = { by: 'team', cell: 'tag' } as const;

/** The reports over days. That by `tag` is named as the key that it is asked for, and `team` is the label of that name. */
export const KINDS = {
  daily: { ...TIME, words: ['day', 'Date'], json: ['daily', 'date'] },
  weekly: { ...TIME, words: ['week', 'Week of'], json: ['weekly', 'week'] },
  monthly: { ...TIME, words: ['month', 'Month'], json: ['monthly', 'month'] },
  model: { by: 'name', cell: 'model', words: ['model', 'Model'], json: ['models', 'model'] },
  project: { by: 'name', cell: 'projectId', words: ['project', 'Project'], json: ['projects', 'projectId'] },
  phase: { by: 'name', cell: 'phase', words: ['phase of metered runs', 'Phase'], json: ['phases', 'phase'] },
  branch: { ...TAG, words: ['branch', 'Branch'], json: ['branches', 'branch'] },
  pr: { ...TAG, words: ['pull request', 'Pull request'], json: ['pullRequests', 'pr'] },
  tag: { ...TAG, words: ['', ''], json: ['tags', 'value'] },
  user: { ...TEAM, words: ['user', 'User'], json: ['users', 'user'] },
  machine: { ...TEAM, words: ['machine', 'Machine'], json: ['machines', 'machine'] },
  team: { ...TEAM, words: ['team', 'Team'], json: ['teams', 'team'] },
} as const satisfies Record<string, KindFacts>;

/** What each entry of a report over days stands for. */
export type PeriodKind = keyof typeof KINDS;

/** Which days a report covers, as the reader asks for them. */
export interface RangeWish extends DayRange {
  readonly kind: PeriodKind;
  /** How many days, weeks or months up to `until` or today; days for the reports that are not over time. */
  readonly last?: number | undefined;
  /** 0 is Sunday. */
  readonly firstWeekday: number;
}

/** Both days are inclusive; undefined means no limit. */
export interface DayRange {
  readonly since?: Day | undefined;
  readonly until?: Day | undefined;
}

export function isOverTime(kind: PeriodKind): boolean {
  return KINDS[kind].by === 'time';
}

export function resolveRange({ kind, since, until, last, firstWeekday }: RangeWish, today: Day): DayRange {
  if (last === undefined) return { since, until };
  const end = until ?? today;
  if (kind === 'weekly') return { since: startOfWeek(end, firstWeekday) - 7 * (last - 1), until: end };
  return { since: kind === 'monthly' ? startOfMonth(end, 1 - last) : end - last + 1, until: end };
}

/** Returns the moments at which the range begins and ends. `untilMs` is exclusive. */
export function toMoments({ since, until }: DayRange, calendar: Calendar) {
  return {
    fromMs: since === undefined ? undefined : calendar.startOf(since),
    untilMs: until === undefined ? undefined : calendar.startOf(until + 1),
  };
}

/** ` from 2026-11-01 to 2026-11-14`; nothing for an end that is not limited. */
export function describeRange({ since, until }: DayRange): string {
  const from = since === undefined ? '' : ` from ${formatDay(since)}`;
  return from + (until === undefined ? '' : ` to ${formatDay(until)}`);
}

interface Asked extends Pick<UsageFilter, 'provider' | 'projectId' | 'model' | 'tags'> {
  readonly kind?: PeriodKind;
}

export function nothingRecorded(): ReportError {
  return new ReportError('nothing-metered', 'No usage has been recorded yet.');
}

/** Explains why there is nothing to show: a name is unknown, or there is no usage on the days of the range. */
export function explainEmpty(connection: Connection, query: Asked, { since, until }: DayRange): ReportError {
  for (const key of ['projectId', 'model', 'provider'] as const) {
    const name = query[key];
    const known = name === undefined ? [] : listNames(connection, key);
    if (name === undefined || known.includes(name) || /[*?[]/.test(name)) continue;
    const asked = `${key === 'projectId' ? 'project' : key} ${name}`;
    return new ReportError('unknown', `Nothing is recorded of ${asked}. There is: ${known.slice(0, 10).join(', ')}.`);
  }
  assertTags(connection, query.tags);
  if (query.kind === 'phase' && since === undefined && until === undefined) {
    return new ReportError('nothing-metered', 'Phases are of runs that were metered, and there is none of them.');
  }
  return new ReportError('nothing-in-range', `There is no such usage${describeRange({ since, until })}.`);
}
