import type { Connection } from '../store/open.js';
import {
  countActiveQuarters,
  countInvocations,
  readSpan,
  readSums,
  type UsageFilter,
} from '../store/period-queries.js';
import { SURROUNDING_KEYS } from '../store/tags.js';
import type { CostUnit } from '../usage/options.js';
import type { Phase } from '../usage/phase.js';
import type { Provider } from '../usage/provider.js';
import { type Calendar, type Day, formatDay, startOfWeek } from './calendar.js';
import { readCredits } from './credits.js';
import {
  dearestFirst,
  type Figures,
  figuresOfModel,
  type ModelFigures,
  type ModelSum,
  type Summary,
  sumModels,
  summarise,
  sumParts,
} from './figures.js';
import { groupBy } from './groups.js';
import { describePace, forecastMonth, type MonthForecast, type Pace } from './pace.js';
import {
  type DayRange,
  explainEmpty,
  isOverTime,
  KINDS,
  type KindFacts,
  nothingRecorded,
  type PeriodKind,
  type RangeWish,
  resolveRange,
  toMoments,
} from './period-range.js';
import { assertTagKey } from './tags.js';

export interface PeriodQuery extends RangeWish, Pick<UsageFilter, 'provider' | 'projectId' | 'model' | 'tags'> {
  /** Of the report `tag`: by the values of which key. */
  readonly tagKey?: string | undefined;
  /** Of the reports by user, machine and team: that of this machine, which usage is of that names none. */
  readonly here?: string | undefined;
  readonly nowMs: number;
  /** By time, or by cost in reports that are not over time. Undefined is the default that `entries` describes. */
  readonly order?: 'asc' | 'desc' | undefined;
  /** `credits`: the figures of Codex have credits as well. */
  readonly unit?: CostUnit | undefined;
}

/** Usage and costs by day, week or month, or by model, project or phase. */
export interface PeriodReport extends Summary {
  readonly kind: PeriodKind;
  /** The key whose values the entries are, in a report by a tag. */
  readonly tagKey: string | undefined;
  readonly timeZone: string;
  readonly range: DayRange;
  /** Days, weeks and months in order of time; all others the dearest first; or as `order` says. */
  readonly entries: readonly PeriodEntry[];
  /** Each day with usage, in order of time. */
  readonly days: readonly { readonly day: Day; readonly figures: Figures }[];
  readonly models: readonly ModelSum[];
  readonly providers: readonly { readonly provider: Provider; readonly figures: Figures }[];
  readonly pace: Pace;
  /** Of the current month; undefined when the report ends before today. */
  readonly forecast: MonthForecast | undefined;
}

export interface PeriodEntry {
  /**
   * `2026-11-24`: the day, or the first one of the week; `2026-11`; the name of the model, project or phase; the value of the tag, or
   * nothing for what has none.
   */
  readonly key: string;
  /** The first and the last day with usage. */
  readonly firstDay: Day;
  readonly lastDay: Day;
  readonly activeDays: number;
  /** Of a phase or a tag, the number of invocations with usage. */
  readonly invocations: number | undefined;
  readonly figures: Figures;
  /** The dearest first. */
  readonly models: readonly ModelSum[];
}

/** Reads the report of `query` from the buckets. Call it within a snapshot. Throws a ReportError and a StoreError. */
export function readPeriodReport(connection: Connection, query: PeriodQuery, calendar: Calendar): PeriodReport {
  const { kind, nowMs, provider, projectId, model, tags } = query;
  const { by, cell }: KindFacts = KINDS[kind];
  const tagKey = kind === 'tag' ? query.tagKey : by === 'tag' ? kind : undefined;
  const today = calendar.dayOf(nowMs);
  const range = resolveRange(query, today);
  const span = readSpan(connection);
  if (!span) throw nothingRecorded();
  if (tagKey !== undefined) assertTagKey(connection, tagKey);
  const names = { provider, projectId, model, tags };
  const splitBy = kind in SURROUNDING_KEYS ? SURROUNDING_KEYS[kind as keyof typeof SURROUNDING_KEYS] : tagKey;
  const filter = { ...names, tagKey: splitBy, here: query.here, ...toMoments(range, calendar) };
  const offsets = calendar.listOffsets(span.firstMs, span.endMs);
  const of = kind === 'phase' ? 'invocations' : 'all';
  const keys = ['day', 'provider', ...(cell && cell !== 'model' ? [cell] : []), 'model', 'source'] as const;
  const creditsOf = readCredits(connection, query.unit, keys, filter, offsets, of);
  const cells = readSums(connection, keys, filter, offsets, of).map((row): Cell => {
    return { ...row, figures: figuresOfModel(row, creditsOf(row)) };
  });
  if (cells.length === 0) throw explainEmpty(connection, query, range);
  const days = [...groupBy(cells, ({ day }) => day)].map(([day, ofDay]) => ({
    ...{ day, cells: ofDay, figures: sumParts(ofDay) },
  }));
  const summary = summarise(cells);
  const last = days.at(-1)?.day ?? today;
  const counted = cell === 'phase' || cell === 'tag' ? cell : undefined;
  return {
    kind,
    tagKey,
    timeZone: calendar.timeZone,
    range,
    entries: isOverTime(kind)
      ? listPeriods(days, query)
      : listOthers(cells, query, counted && countInvocations(connection, filter, counted)),
    days: days.map(({ day, figures }) => ({ day, figures })),
    models: sumModels(cells),
    providers: [...groupBy(cells, (cell) => cell.provider)].map(([name, of]) => ({
      provider: name,
      figures: sumParts(of),
    })),
    ...summary,
    pace: describePace(
      {
        activeDays: days.length,
        calendarDays: countDays(range.since ?? days[0]?.day ?? last, range.until ?? Math.max(last, today), today),
        activeHours: countActiveQuarters(connection, filter, of) / 4,
      },
      summary.totals.costNanoUsd,
    ),
    forecast:
      range.until !== undefined && range.until < today
        ? undefined
        : forecastMonth(connection, names, calendar, { nowMs, firstMs: span.firstMs }),
  };
}

/** Counts the days of the report up to today. */
function countDays(first: Day, last: Day, today: Day): number {
  return Math.max(1, Math.min(last, Math.max(today, first)) - first + 1);
}

interface Cell extends ModelFigures {
  readonly day: Day;
  readonly provider: Provider;
  readonly projectId?: string;
  readonly phase?: Phase;
  readonly tag?: string | null;
}

interface DayOfCells {
  readonly day: Day;
  readonly cells: readonly Cell[];
  readonly figures: Figures;
}

/** Lists the entries of a report by day, week or month in order of time, from sums of whole days. */
function listPeriods(days: readonly DayOfCells[], { kind, firstWeekday, order }: PeriodQuery): PeriodEntry[] {
  const entries = [...groupBy(days, ({ day }) => nameOfPeriod(day, kind, firstWeekday))].map(([key, ofKey]) => {
    return toEntry(
      key,
      ofKey,
      ofKey.flatMap(({ cells }) => cells),
    );
  });
  return order === 'desc' ? entries.reverse() : entries;
}

/** Lists the entries of a report that is not over time, the dearest first. */
function listOthers(
  cells: readonly Cell[],
  { kind, order }: PeriodQuery,
  invocations: ReadonlyMap<string, number> | undefined,
): PeriodEntry[] {
  const { cell: name = 'model' }: KindFacts = KINDS[kind];
  const entries = [...groupBy(cells, (cell) => cell[name] ?? '')].map(([key, ofKey]) => {
    return { ...toEntry(key, ofKey, ofKey), invocations: invocations?.get(key) };
  });
  entries.sort(dearestFirst);
  return order === 'asc' ? entries.reverse() : entries;
}

function toEntry(key: string, parts: readonly Pick<Cell, 'day' | 'figures'>[], cells: readonly Cell[]): PeriodEntry {
  const days = parts.map(({ day }) => day);
  return {
    key,
    firstDay: Math.min(...days),
    lastDay: Math.max(...days),
    activeDays: new Set(days).size,
    invocations: undefined,
    figures: sumParts(parts),
    models: sumModels(cells),
  };
}

function nameOfPeriod(day: Day, kind: PeriodKind, firstWeekday: number): string {
  if (kind === 'weekly') return formatDay(startOfWeek(day, firstWeekday));
  return kind === 'monthly' ? formatDay(day).slice(0, 'YYYY-MM'.length) : formatDay(day);
}
